"""Keep-alive HTTP connections that cost next to nothing."""

import asyncio
from collections.abc import Mapping


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]  # a TCP connection

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed"))

    def data_received(self, data: bytes) -> None:
        """Collect an answer."""
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or self._answer is None or not _is_whole(head, body):
            return
        self._buffer = b""
        if head.split(b" ", 2)[1][:1] == b"2":
            self._answer.set_result(body)
        else:
            self._answer.set_exception(AssertionError(self._text(head, body)))

    @staticmethod
    def _text(head: bytes, body: bytes) -> str:
        return (head + b"\n" + body)[:2000].decode(errors="replace")

    async def send(self, request: bytes) -> bytes:
        """Send a request; return the body of a 2xx answer.

        Raises: AssertionError with any other answer.
        """
        self._answer = asyncio.get_running_loop().create_future()
        assert self._transport is not None  # noqa: S101  (connected)
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Disconnect."""
        if self._transport is not None:
            self._transport.abort()


def _is_whole(head: bytes, body: bytes) -> bool:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line[15:])
        if line == b"transfer-encoding: chunked":
            return body.endswith(b"\r\n0\r\n\r\n")
    return True


async def connections(port: int, count: int) -> list[Connection]:
    """Open connections."""
    loop = asyncio.get_running_loop()
    return [
        (await loop.create_connection(Connection, "127.0.0.1", port))[1]
        for _ in range(count)
    ]


class Post:
    """The beginning of a POST request, encoded once."""

    def __init__(self, path: str, headers: Mapping[str, str]) -> None:
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._head = "\r\n".join(lines).encode() + b"\r\nContent-Length: "

    def with_body(self, body: bytes) -> bytes:
        """Return the whole request."""
        return self._head + b"%d\r\n\r\n" % len(body) + body
