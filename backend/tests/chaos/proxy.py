"""A TCP proxy that behaves as a bad network does.

Between clients and servers, servers and Redis, servers and PostgreSQL: whatever speaks
TCP. With several targets a connection goes to the next one that takes it.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from tests.chaos.background import Background

CHUNK_BYTES = 65_536
# Closing sends RST in place of what is still to be sent and of a polite end.
_ABORTIVE = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class Link:
    """One connection through the proxy: the client's side and the target's.

    bytes_left: until it is cut; None for ever.
    is_swallowing: what comes is taken and passed to nobody.
    """

    client: asyncio.StreamWriter
    target: asyncio.StreamWriter | None = None
    bytes_left: int | None = None
    is_swallowing: bool = False

    def reset(self) -> None:
        """End both sides at once, as a host does that knows nothing of them."""
        for writer in (self.client, self.target):
            if writer is not None:
                _reset(writer)

    def half_close(self) -> None:
        """Tell the client that nothing more comes; what it sends still goes on."""
        with contextlib.suppress(OSError, RuntimeError):
            self.client.write_eof()


class FaultProxy:
    """Passes bytes between clients and targets, and does harm when told to.

    latency_seconds: added to every piece, in both directions.
    bytes_per_second: of each connection and direction; 0 without a limit.
    cut_after_bytes: for connections made from now on; None leaves them alone.
    is_blackhole: connections made from now on are taken and never answered.
    """

    def __init__(self, targets: Sequence[tuple[str, int]]) -> None:
        self.latency_seconds = 0.0
        self.bytes_per_second = 0
        self.cut_after_bytes: int | None = None
        self.is_blackhole = False
        self._targets = list(targets)
        self._turn = 0
        self._links: set[Link] = set()
        self._background = Background()
        self._server = self._background.call(self._listen())

    @classmethod
    def before(cls, url: str) -> "FaultProxy":
        """Stand before the server of a URL."""
        parts = urlsplit(url)
        return cls([(parts.hostname or "127.0.0.1", parts.port or 0)])

    @property
    def port(self) -> int:
        """Say where it listens."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def instead_of(self, url: str) -> str:
        """Say a URL that leads through the proxy."""
        parts: SplitResult = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}").geturl()

    @property
    def connections(self) -> int:
        """Count the connections that are open."""
        return len(self._links)

    # The harm.

    def reset(self, share: float, chance: random.Random) -> int:
        """Reset a share of the connections; say how many."""
        return self._background.call(self._to_some(Link.reset, share, chance))

    def half_close(self, share: float, chance: random.Random) -> int:
        """Half-close a share of the connections; say how many."""
        return self._background.call(self._to_some(Link.half_close, share, chance))

    def swallow(self, share: float, chance: random.Random) -> int:
        """Take what a share of the connections says and pass it to nobody."""

        def begin(link: Link) -> None:
            link.is_swallowing = True

        return self._background.call(self._to_some(begin, share, chance))

    def heal(self) -> None:
        """Do no further harm; connections that were swallowed are reset."""
        self.latency_seconds, self.bytes_per_second = 0.0, 0
        self.cut_after_bytes, self.is_blackhole = None, False
        self._background.call(self._reset_swallowed())

    def stop(self) -> None:
        """End every connection and listen no more."""
        self._background.call(self._close())
        self._background.stop()

    # How it works.

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096)

    async def _close(self) -> None:
        self._server.close()
        for link in list(self._links):
            link.reset()

    async def _to_some(
        self,
        harm: object,
        share: float,
        chance: random.Random,
    ) -> int:
        assert callable(harm)
        links = sorted(self._links, key=id)
        chosen = chance.sample(links, round(len(links) * share))
        for link in chosen:
            harm(link)
        return len(chosen)

    async def _reset_swallowed(self) -> None:
        for link in [each for each in self._links if each.is_swallowing]:
            link.reset()

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        link = Link(writer, bytes_left=self.cut_after_bytes)
        link.is_swallowing = self.is_blackhole
        self._links.add(link)
        try:
            await self._join(link, reader)
        except (OSError, RuntimeError):
            # RuntimeError: something is still to be said on what was half-closed.
            link.reset()
        finally:
            self._links.discard(link)
            for side in (link.client, link.target):
                if side is not None:
                    side.close()

    async def _join(self, link: Link, reader: asyncio.StreamReader) -> None:
        back, link.target = await self._reach()
        await asyncio.gather(
            self._pump(link, reader, link.target),
            self._pump(link, back, link.client),
        )

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a target, each in its turn, those that are away left out.

        Raises: OSError when all are.
        """
        self._turn += 1
        for attempt in range(len(self._targets)):
            host, port = self._targets[(self._turn + attempt) % len(self._targets)]
            with contextlib.suppress(OSError):
                return await asyncio.open_connection(host, port)
        message = "no target takes connections"
        raise ConnectionRefusedError(message)

    async def _pump(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        while data := await reader.read(CHUNK_BYTES):
            if self.latency_seconds:
                await asyncio.sleep(self.latency_seconds)
            if self.bytes_per_second:
                await asyncio.sleep(len(data) / self.bytes_per_second)
            if link.is_swallowing:
                continue
            if link.bytes_left is not None:
                writer.write(data[: link.bytes_left])
                link.bytes_left -= len(data)
                if link.bytes_left <= 0:
                    message = "cut by the proxy"
                    raise ConnectionResetError(message)
            else:
                writer.write(data)
            await writer.drain()
        if not link.is_swallowing and writer.can_write_eof():
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTIVE)
    writer.transport.abort()
