"""Open pages: each comes back when it is cut off, and the ledger sees what it sees."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from picows import (
    WSError,
    WSFrame,
    WSInvalidStatusError,
    WSListener,
    WSMsgType,
    WSTransport,
    ws_connect,
)

from tests.chaos.background import Background
from tests.chaos.ledger import Ledger
from tests.chaos.ledger import Page as Record

AWAY = (OSError, TimeoutError, WSError, asyncio.IncompleteReadError)
# Closed with this a client waits five seconds or more (docs/protocol.md).
UNAVAILABLE, BUSY_SECONDS = 4503, 5.0
ACKNOWLEDGE_EVERY = 16
HANDSHAKE_SECONDS = 30.0
# A page that hears nothing asks by a ping, and leaves without an answer.
# Whoever cuts it off says so, so that the time to answer is that of a stalled machine.
IDLE_SECONDS, REPLY_SECONDS = 10.0, 10.0


@dataclass(frozen=True)
class Person:
    """A user and the token that opens their sockets."""

    id: int
    token: str


class Socket(WSListener):
    """One connection of a page."""

    def __init__(self, page: "Page") -> None:
        self._page = page
        self._since_ack = 0
        self.transport: WSTransport | None = None
        self.ended = asyncio.Event()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the way to answer."""
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Let the page come back."""
        self.ended.set()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame."""
        if frame.msg_type == WSMsgType.CLOSE:
            code = int.from_bytes(frame.get_payload_as_bytes()[:2], "big")
            self._page.closed(code)
            transport.disconnect()
        elif frame.msg_type == WSMsgType.TEXT:
            self._take(json.loads(frame.get_payload_as_bytes()))

    def say(self, kind: str, **fields: object) -> None:
        """Send a frame, if there is anybody to hear it."""
        if self.transport is not None and not self.ended.is_set():
            text = json.dumps({"type": kind, **fields})
            self.transport.send(WSMsgType.TEXT, text.encode())

    def _take(self, frame: dict[str, Any]) -> None:
        page, kind = self._page, frame["type"]
        if kind == "server_notification":
            page.pages.take(page, frame)
            self._since_ack += 1
            if self._since_ack >= ACKNOWLEDGE_EVERY:
                self._since_ack = 0
                self.say("message_ack", up_to=frame["seq"])
        elif kind == "hello":
            page.greeted(frame)
        elif kind == "replay_end":
            page.is_live = True
        elif kind == "command_processing_result":
            page.answered()


@dataclass(eq=False)
class Page:
    """What one page knows; it outlives its connections.

    hello_seconds: from the latest attempt to connect to its `hello`.
    """

    pages: "Pages"
    person: Person
    record: Record
    is_live: bool = False
    connections: int = 0
    hello_seconds: float = 0.0
    position: dict[str, Any] = field(default_factory=dict)
    socket: Socket | None = None
    began: float = 0.0
    asked: float = 0.0
    rest_seconds: float = 0.0

    def greeted(self, frame: dict[str, Any]) -> None:
        """Take the stream's epoch."""
        self.connections += 1
        self.hello_seconds = time.monotonic() - self.began
        self.position.setdefault("epoch", frame["stream"]["epoch"])
        self.position.setdefault("seq", 0)

    def closed(self, code: int) -> None:
        """Note why the server closed; one that is busy is left alone for a while."""
        self.pages.closes[code] += 1
        self.rest_seconds = BUSY_SECONDS if code == UNAVAILABLE else 0.0

    def answered(self) -> None:
        """Take the answer to the `ping` command."""
        self.pages.ping_seconds.append(time.monotonic() - self.asked)
        self.asked = 0.0


class Pages:
    """All open pages of a run, in one loop.

    url: of the servers, `http://…`; asked for at each attempt.
    patience_seconds: the longest wait before a page tries again.
    refusals: answers to the handshake by their HTTP status.
    closes: codes by which servers ended connections.
    """

    def __init__(
        self,
        people: Sequence[Person],
        ledger: Ledger,
        *,
        url: Callable[[], str],
        patience_seconds: float = 1.0,
    ) -> None:
        self.refusals: Counter[int] = Counter()
        self.closes: Counter[int] = Counter()
        self.ping_seconds: list[float] = []
        self._ledger = ledger
        self._url = url
        self._patience_seconds = patience_seconds
        self.all = [Page(self, each, ledger.open_page(each.id)) for each in people]
        self._tasks: list[asyncio.Task[None]] = []
        self._background = Background()

    def __enter__(self) -> "Pages":
        """Open them."""
        self._background.call(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        """Close them."""
        self._background.stop()

    def live(self) -> int:
        """Count those that are through with their replay.

        Raises: what ended a page that should have gone on.
        """
        for task in self._tasks:
            if task.done() and (error := task.exception()) is not None:
                raise error
        return sum(page.is_live for page in self.all)

    def connections(self) -> int:
        """Count the greetings so far."""
        return sum(page.connections for page in self.all)

    def take(self, page: Page, frame: dict[str, Any]) -> None:
        """Take a notification."""
        page.position["seq"] = frame["seq"]
        message = str(frame["value"]["message"])
        self._ledger.see(page.record, seq=frame["seq"], message=message)

    def cut(self, share: float, chance: random.Random) -> int:
        """Drop a share of the connections without a word; say how many."""
        return self._background.call(self._cut(share, chance))

    def ask(self) -> None:
        """Have every page send the `ping` command, unless it waits for an answer."""
        self._background.call(self._ask())

    def unanswered_seconds(self) -> float:
        """Say for how long the oldest `ping` has waited for its answer."""
        asked = [page.asked for page in self.all if page.asked]
        return time.monotonic() - min(asked) if asked else 0.0

    async def _open(self) -> None:
        self._tasks = [asyncio.create_task(self._live(page)) for page in self.all]

    async def _cut(self, share: float, chance: random.Random) -> int:
        chosen = chance.sample(self.all, round(len(self.all) * share))
        for page in chosen:
            if page.socket is not None and page.socket.transport is not None:
                page.socket.transport.disconnect(graceful=False)
        return len(chosen)

    async def _ask(self) -> None:
        for page in self.all:
            if page.socket is not None and page.is_live and not page.asked:
                page.asked = time.monotonic()
                page.socket.say("command", key="ping", id="chaos")

    async def _live(self, page: Page) -> None:
        while True:
            try:
                await self._visit(page)
            except WSInvalidStatusError as refused:
                answer = refused.response
                self.refusals[int(answer.status) if answer else 0] += 1
            except AWAY:
                self.refusals[0] += 1
            page.is_live, page.socket, page.asked = False, None, 0.0
            rest, page.rest_seconds = page.rest_seconds, 0.0
            if rest:
                # The server asked for it, and nobody is late because of it.
                began = time.monotonic()
                await asyncio.sleep(rest)
                self._ledger.fault(began)
            await asyncio.sleep(random.uniform(0, self._patience_seconds))

    async def _visit(self, page: Page) -> None:
        """Keep one connection to its end."""
        query = "&".join(f"{name}={value}" for name, value in page.position.items())
        page.began = time.monotonic()
        url = self._url().replace("http", "ws", 1)
        socket = Socket(page)
        await ws_connect(
            lambda: socket,
            f"{url}/ws/notifications/?{query}",
            extra_headers=[("Authorization", f"Token {page.person.token}")],
            websocket_handshake_timeout=HANDSHAKE_SECONDS,
            enable_auto_ping=True,
            auto_ping_idle_timeout=IDLE_SECONDS,
            auto_ping_reply_timeout=REPLY_SECONDS,
        )
        if socket.transport is None:
            message = "cut off before it began"
            raise ConnectionResetError(message)
        page.socket = socket
        try:
            await socket.ended.wait()
        finally:
            if socket.transport is not None:
                socket.transport.disconnect(graceful=False)
