"""Lines 3 to 5: what is sent through HTTP is stored and reaches the sockets."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.contenders import Carillon, Stock
from benchmarks.crowd import Crowd, Tally
from benchmarks.http_client import Connection, Post, connections
from benchmarks.measuring import Measured, Stretch, percentiles, settled
from benchmarks.sizes import Sizes

CONNECTIONS = 16
BULK_CONNECTIONS = 4
BULK = 100
SENDS_PER_SECOND = 500
TEXT = "Your order is on its way and arrives tomorrow."


def _message(person: int, sent_at: float) -> dict[str, object]:
    value = {"order": 4711, "text": TEXT, "sent_at": sent_at}
    return {"user_id": person, "payload": value}


class Sender:
    """Sends requests on several connections and counts what they carried."""

    def __init__(
        self, contender: Carillon | Stock, connections: list[Connection]
    ) -> None:
        self.contender = contender
        self.sent = 0
        self._people: Iterator[int] = itertools.cycle(contender.people)
        self._post = Post(contender.send_path, contender.send_headers)
        self._connections = connections
        self._is_ending = False

    async def send(self, connection: Connection, *, due: float) -> None:
        """Send one notification; its delay counts from `due`."""
        body = json.dumps(_message(next(self._people), due)).encode()
        await connection.send(self._post.with_body(body))
        self.sent += 1

    async def run(self) -> None:
        """Send on every connection as fast as answers come, until the end."""
        await asyncio.gather(*(self._repeat(each) for each in self._connections))

    def end(self) -> None:
        """Send nothing more."""
        self._is_ending = True

    async def _repeat(self, connection: Connection) -> None:
        while not self._is_ending:
            await self.send(connection, due=time.perf_counter())


class BulkSender(Sender):
    """Sends a hundred at once."""

    def __init__(self, contender: Carillon, connections: list[Connection]) -> None:
        super().__init__(contender, connections)
        self._post = Post(contender.bulk_path, contender.send_headers)

    async def send(self, connection: Connection, *, due: float) -> None:
        """Send a hundred notifications and wait for the answer."""
        messages = [_message(next(self._people), due) for _ in range(BULK)]
        body = json.dumps({"notifications": messages}).encode()
        answer = await connection.send(self._post.with_body(body))
        self.sent += answer.count(b'"created"')


async def _fast(sender: Sender, tally: Tally, sizes: Sizes) -> Measured:
    running = asyncio.ensure_future(sender.run())
    stretch = Stretch(sender.contender, lambda: sender.sent)
    found = await stretch.measure(warm_up=sizes.warm_up_seconds, seconds=sizes.seconds)
    sender.end()
    await running
    await settled(lambda: tally.received >= sender.sent)
    return replace(found, lost=sender.sent - tally.received + tally.gaps)


async def single(
    contender: Carillon | Stock,
    crowd: Crowd,
    sizes: Sizes,
) -> Measured:
    """Send one notification a request, on 16 connections."""
    opened = await connections(contender.port, CONNECTIONS)
    tally = crowd.tally(is_numbered=isinstance(contender, Carillon))
    found = await _fast(Sender(contender, opened), tally, sizes)
    _close(opened)
    return found


async def bulk(contender: Carillon, crowd: Crowd, sizes: Sizes) -> Measured:
    """Send a hundred notifications a request, on 4 connections."""
    opened = await connections(contender.port, BULK_CONNECTIONS)
    tally = crowd.tally(is_numbered=True)
    found = await _fast(BulkSender(contender, opened), tally, sizes)
    _close(opened)
    return found


async def steady(
    contender: Carillon | Stock,
    crowd: Crowd,
    sizes: Sizes,
) -> Measured:
    """Send 500 a second, whether or not the answers keep up; look at the delay."""
    opened = await connections(contender.port, CONNECTIONS)
    sender = Sender(contender, opened)
    tally = crowd.tally(is_numbered=isinstance(contender, Carillon))
    due = asyncio.ensure_future(
        _offer(sender, opened, seconds=sizes.warm_up_seconds + sizes.seconds),
    )
    stretch = Stretch(contender, lambda: tally.received)
    warm_up = sizes.warm_up_seconds
    found = await stretch.measure(warm_up=warm_up, seconds=sizes.seconds)
    await due
    await settled(lambda: tally.received >= sender.sent)
    _close(opened)
    after_warm_up = tally.latencies[int(SENDS_PER_SECOND * warm_up) :]
    return replace(
        found,
        lost=sender.sent - tally.received + tally.gaps,
        extra=percentiles(after_warm_up),
    )


async def _offer(sender: Sender, opened: list[Connection], *, seconds: float) -> None:
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in opened:
        idle.put_nowait(connection)
    tasks = []
    began = time.perf_counter()
    for number in range(int(seconds * SENDS_PER_SECOND)):
        due = began + number / SENDS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.ensure_future(_send_on_idle(sender, idle, due)))
    await asyncio.gather(*tasks)


async def _send_on_idle(
    sender: Sender,
    idle: "asyncio.Queue[Connection]",
    due: float,
) -> None:
    connection = await idle.get()
    try:
        await sender.send(connection, due=due)
    finally:
        idle.put_nowait(connection)


def _close(opened: list[Connection]) -> None:
    for connection in opened:
        connection.close()
