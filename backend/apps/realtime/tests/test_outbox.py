"""The outbox: in order, bounded, and never waited for."""

import asyncio
from typing import Any

from apps.realtime.outbox import Outbox


class Socket:
    """A socket whose client may stop reading."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.can_write = asyncio.Event()
        self.can_write.set()
        self.overflows = 0

    async def send(self, message: dict[str, Any]) -> None:
        await self.can_write.wait()
        self.sent.append(message.get("text") or message["code"])

    def overflow(self) -> None:
        self.overflows += 1


async def until_empty(outbox: Outbox) -> None:
    async with asyncio.timeout(5):
        while not outbox.is_empty:  # noqa: ASYNC110  (bounded by the time-out)
            await asyncio.sleep(0)


async def test_frames_are_written_in_order_and_the_close_comes_last() -> None:
    socket = Socket()
    outbox = Outbox(socket.send, limit=1000, overflow=socket.overflow)

    for number in range(5):
        outbox.put(str(number))
    outbox.close(4401)
    outbox.put("too late")
    await until_empty(outbox)

    assert socket.sent == ["0", "1", "2", "3", "4", 4401]


async def test_a_client_that_does_not_read_overflows_once_and_loses_the_rest() -> None:
    socket = Socket()
    socket.can_write.clear()
    outbox = Outbox(socket.send, limit=10, overflow=socket.overflow)

    for _ in range(20):
        outbox.put("four")

    assert socket.overflows == 1
    assert outbox.is_closed


async def test_what_was_written_makes_room() -> None:
    socket = Socket()
    outbox = Outbox(socket.send, limit=10, overflow=socket.overflow)

    for _ in range(20):
        outbox.put("four")
        await until_empty(outbox)

    assert socket.overflows == 0
    assert len(socket.sent) == 20


async def test_a_forced_close_overtakes_what_waits() -> None:
    socket = Socket()
    socket.can_write.clear()
    outbox = Outbox(socket.send, limit=100, overflow=socket.overflow)
    outbox.put("waits")
    await asyncio.sleep(0)

    outbox.force_close(4408)
    socket.can_write.set()
    await until_empty(outbox)

    assert socket.sent == [4408]


async def test_a_socket_that_went_away_ends_the_outbox() -> None:
    async def broken(message: dict[str, Any]) -> None:
        raise OSError

    outbox = Outbox(broken, limit=100, overflow=lambda: None)
    outbox.put("a")
    outbox.put("b")
    await until_empty(outbox)

    assert outbox.is_closed


async def test_it_says_when_it_has_room_and_when_everything_is_out() -> None:
    socket = Socket()
    socket.can_write.clear()
    outbox = Outbox(socket.send, limit=10, overflow=socket.overflow)
    rooms: list[bool] = []
    outbox.when_drained(lambda: rooms.append(outbox.has_room))

    outbox.put("123456")
    rooms.append(outbox.has_room)
    socket.can_write.set()
    await until_empty(outbox)

    assert rooms == [False, True]
