"""Many WebSocket readers in one process, cheap enough to measure a server with."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

CONNECTING_AT_ONCE = 50
CONNECT_SECONDS = 120.0
AGAIN_SECONDS = 5.0
ACKNOWLEDGE_EVERY = 32
ERROR = "message_processing_error"
_TEXT = WSMsgType.TEXT


@dataclass(frozen=True)
class Place:
    """Where one reader connects, and as whom."""

    person: int
    url: str
    headers: tuple[tuple[str, str], ...] = ()


class _Value(msgspec.Struct):
    sent_at: float = 0.0


class _Message(msgspec.Struct):
    type: str
    seq: int = 0
    value: _Value | str | None = None


_decode = msgspec.json.Decoder(_Message).decode


class Reader(WSListener):
    """One socket."""

    def __init__(self, crowd: "Crowd", person: int) -> None:
        self.person = person
        self.seq = 0
        self.is_open = False
        self.transport: WSTransport | None = None
        self.greeted: asyncio.Future[bool] = asyncio.Future()
        self._crowd = crowd
        self._unacknowledged = 0

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the way to answer."""
        self.transport = transport
        self.is_open = True

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Note that it is gone."""
        self.is_open = False
        if self._crowd.greets and not self.greeted.done():
            self.greeted.set_result(False)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Hand a text to whatever is being measured."""
        if frame.msg_type == _TEXT:
            self._crowd.take(self, frame)

    def acknowledge(self, seq: int) -> None:
        """Acknowledge every 32nd number, with all before it."""
        self._unacknowledged += 1
        if self._unacknowledged >= ACKNOWLEDGE_EVERY and self.transport is not None:
            self._unacknowledged = 0
            self.transport.send(_TEXT, b'{"type":"message_ack","up_to":%d}' % seq)


@dataclass
class Tally:
    """What readers of numbered notifications got."""

    received: int = 0
    gaps: int = 0
    errors: int = 0
    latencies: list[float] = field(default_factory=list)


class Crowd:
    """All readers; `take` is what happens to a frame, and is exchanged."""

    def __init__(self, *, greets: bool) -> None:
        """Start without readers.

        greets: the server says when a socket is ready.
        """
        self.readers: list[Reader] = []
        self.take: Callable[[Reader, WSFrame], None] = self._greeted
        self.greets = greets
        # Sockets that were told to come again, as a client does after five seconds.
        self.refusals = 0

    async def connect(self, places: Sequence[Place]) -> float:
        """Connect, fifty at once; say after how many seconds all were ready."""
        began = time.perf_counter()
        queue = iter(places)
        workers = [self._connect_some(queue) for _ in range(CONNECTING_AT_ONCE)]
        async with asyncio.timeout(CONNECT_SECONDS):
            await asyncio.gather(*workers)
        return time.perf_counter() - began

    async def _connect_some(self, places: Iterator[Place]) -> None:
        for place in places:
            while not await self._connected(place):
                self.refusals += 1
                await asyncio.sleep(AGAIN_SECONDS)

    async def _connected(self, place: Place) -> bool:
        """Connect one reader; say whether it was let in."""
        reader = Reader(self, place.person)
        await ws_connect(
            lambda: reader,
            place.url,
            extra_headers=list(place.headers),
            websocket_handshake_timeout=CONNECT_SECONDS,
        )
        if self.greets and not await reader.greeted:
            return False
        self.readers.append(reader)
        return True

    def _greeted(self, reader: Reader, frame: WSFrame) -> None:
        message = _decode(frame.get_payload_as_memoryview())
        if message.type == "replay_end":
            reader.seq = message.seq
            reader.greeted.set_result(True)

    def count_into(self, on_received: Callable[[], None]) -> None:
        """Call this for every text, whatever it is: the cheapest reader there is."""
        self.take = lambda _reader, _frame: on_received()

    def tally(
        self,
        on_received: Callable[[Reader], None] | None = None,
        *,
        is_numbered: bool,
    ) -> Tally:
        """Read notifications from now on; numbered ones are acknowledged."""
        tally = Tally()

        def take(reader: Reader, frame: WSFrame) -> None:
            message = _decode(frame.get_payload_as_memoryview())
            if not isinstance(message.value, _Value):
                tally.errors += message.type == ERROR
                return
            tally.received += 1
            tally.latencies.append(time.perf_counter() - message.value.sent_at)
            if is_numbered:
                tally.gaps += message.seq != reader.seq + 1
                reader.seq = message.seq
                reader.acknowledge(message.seq)
            if on_received is not None:
                on_received(reader)

        self.take = take
        return tally

    @property
    def open(self) -> int:
        """Count the sockets that are there."""
        return sum(reader.is_open for reader in self.readers)

    @property
    def gone(self) -> int:
        """Count the sockets that were lost; on a busy machine pings come too late."""
        return len(self.readers) - self.open

    async def close(self) -> None:
        """Disconnect them all."""
        self.take = lambda _reader, _frame: None
        for reader in self.readers:
            if reader.transport is not None:
                reader.transport.disconnect(graceful=False)
        while self.open:
            await asyncio.sleep(0.01)
        self.readers.clear()
