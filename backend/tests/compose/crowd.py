"""Many open pages: each reconnects as the protocol says and counts what came."""

import asyncio
import contextlib
import json
import random
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from tests.conformance.client import SUBPROTOCOL
from tests.conformance.door import Person
from tests.conformance.web import Web

CALLS_AT_ONCE = 8
GOING_AWAY = 4012
# What a page meets while its server is away.
AWAY = (OSError, AssertionError, InvalidHandshake, EOFError)


@dataclass
class Page:
    """One socket that comes back when it is cut off.

    numbers: of the notifications in the order of arrival, nothing left out.
    goodbyes: how often the server announced its end before the connection ended.
    cuts: connections that ended without that.
    """

    person: Person
    numbers: list[int] = field(default_factory=list)
    connections: int = 0
    goodbyes: int = 0
    cuts: int = 0
    position: dict[str, Any] = field(default_factory=dict)
    is_live: bool = False


class Crowd:
    """Pages of several people, driven by one event loop in a thread of its own."""

    def __init__(self, people: list[Person], *, service: Web, url: str) -> None:
        self.pages = [Page(person) for person in people]
        self._service = service
        self._url = url.replace("http", "ws", 1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> "Crowd":
        """Open every page."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        """Close every page."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def live(self) -> int:
        """Count the pages that are through with their replay."""
        return sum(page.is_live for page in self.pages)

    async def _open(self) -> None:
        self._calls = asyncio.Semaphore(CALLS_AT_ONCE)
        self._tasks = [asyncio.create_task(self._live(page)) for page in self.pages]

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _live(self, page: Page) -> None:
        while True:
            wait_seconds = 0.2 + random.random() / 5
            with contextlib.suppress(*AWAY):
                wait_seconds = await self._visit(page)
            page.is_live = False
            await asyncio.sleep(wait_seconds)

    async def _visit(self, page: Page) -> float:
        """Read one connection to its end; say how long to wait before the next."""
        async with self._calls:
            ticket = await asyncio.to_thread(self._ticket, page.person)
        async with connect(
            f"{self._url}/ws/notifications/?{urlencode(page.position)}",
            subprotocols=[Subprotocol(SUBPROTOCOL), Subprotocol(f"ticket.{ticket}")],
            compression=None,
            proxy=None,
            ping_interval=None,
            close_timeout=1,
        ) as connection:
            page.connections += 1
            return await self._read(page, connection)

    def _ticket(self, person: Person) -> str:
        answer = self._service.post("/api/auth/ticket/", {"user_id": person.id})
        return str(answer["ticket"])

    async def _read(self, page: Page, connection: ClientConnection) -> float:
        wait_seconds = 0.2
        try:
            while True:
                frame = json.loads(await connection.recv())
                if frame["type"] == "going_away":
                    page.goodbyes += 1
                    wait_seconds = frame["reconnect_in_ms"] / 1000
                elif frame["type"] == "server_notification":
                    page.numbers.append(frame["seq"])
                    page.position["seq"] = frame["seq"]
                    ack = {"type": "message_ack", "keys": [frame["key"]]}
                    await connection.send(json.dumps(ack))
                elif frame["type"] == "hello":
                    page.position.setdefault("epoch", frame["stream"]["epoch"])
                    page.position.setdefault("seq", 0)
                elif frame["type"] == "replay_end":
                    page.is_live = True
        except ConnectionClosed as closed:
            if closed.rcvd is None or closed.rcvd.code != GOING_AWAY:
                page.cuts += 1
        return wait_seconds
