"""A server that answers as it is told to, rightly or in every wrong way."""

import json
import socketserver
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from apps.delivery.tests.faulty_listener import FaultyListener

REASONS = {200: "OK", 301: "Moved", 400: "Bad", 429: "Slow down", 500: "Broken"}


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as it was meant."""
        return json.loads(self.body)


Respond = Callable[[Request], Iterator[bytes]]


def answer(status: int, body: bytes = b"", **headers: str) -> Respond:
    """Answer with this, completely."""

    def respond(_: Request) -> Iterator[bytes]:
        yield head(status, len(body), **headers) + body

    return respond


def head(status: int, length: int, **headers: str) -> bytes:
    """Write the start of an answer."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Said')}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += ["Connection: close", f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode()


def cut(_: Request) -> Iterator[bytes]:
    """Take the request and close without a word."""
    return iter(())


def torn(_: Request) -> Iterator[bytes]:
    """Begin an answer and close in its middle."""
    yield head(200, 1000) + b'{"co'


def huge(_: Request) -> Iterator[bytes]:
    """Answer with 10 MB."""
    yield head(200, 10_000_000)
    for _chunk in range(1000):
        yield b" " * 10_000


def no_http(_: Request) -> Iterator[bytes]:
    """Say something that is not HTTP."""
    yield b"220 mail.example.org ESMTP\r\n"


@dataclass
class FaultyServer(FaultyListener):
    """Listens on a free port; use it as `with FaultyServer() as server`."""

    respond: Respond = field(default_factory=lambda: answer(200))
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Say its address."""
        return f"http://127.0.0.1:{self.port}"

    def never(self, _: Request) -> Iterator[bytes]:
        """Say nothing until the test ends."""
        self.ended.wait(20)
        return iter(())

    def drip(self, _: Request) -> Iterator[bytes]:
        """Answer a byte at a time, and never finish."""
        yield head(200, 1000)
        while not self.ended.wait(0.05):
            yield b" "

    def serve(self, handler: socketserver.StreamRequestHandler) -> None:
        """Read one request and answer it."""
        start = handler.rfile.readline().decode().split()
        if len(start) < 2:
            return
        headers: dict[str, str] = {}
        while line := handler.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = handler.rfile.read(int(headers.get("content-length", 0)))
        request = Request(start[0], start[1], headers, body)
        self.requests.append(request)
        for chunk in self.respond(request):
            handler.wfile.write(chunk)
