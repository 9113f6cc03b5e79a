"""Encoded frames are what the library would send."""

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from apps.realtime import wire
from apps.realtime.outbox import Outbox


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 100_000])
def test_a_frame_is_encoded_as_the_library_does(length: int) -> None:
    text = "я" + "x" * length
    expected = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)

    assert wire.encoded(text) == expected
    assert wire.encoded(text) is wire.encoded(text)


async def test_a_frame_is_written_at_once_only_when_nothing_waits_before_it() -> None:
    written: list[object] = []
    is_writable = True

    def write_now(frame: bytes) -> bool:
        if is_writable:
            written.append(frame[-1:])
        return is_writable

    async def send(message: dict[str, object]) -> None:
        written.append(message["text"])

    outbox = Outbox(send, limit=100, overflow=lambda: None, write_now=write_now)

    outbox.put("a")
    is_writable = False
    outbox.put("b")
    is_writable = True
    outbox.put("c")
    assert written == [b"a"]
    async with asyncio.timeout(5):
        while not outbox.is_empty:  # noqa: ASYNC110  (bounded by the time-out)
            await asyncio.sleep(0)
    outbox.put("d")

    assert written == [b"a", "b", "c", b"d"]
