"""A mail server that answers at one moment as it is told to, rightly or wrongly."""

import socketserver
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from apps.delivery.tests.faulty_listener import FaultyListener

Respond = Callable[[], Iterator[bytes]]
GREETING, TEXT = "greeting", "text"


def line(said: str) -> Respond:
    """Answer with a line."""

    def respond() -> Iterator[bytes]:
        yield f"{said}\r\n".encode()

    return respond


def cut() -> Iterator[bytes]:
    """Hang up without a word."""
    return iter(())


def torn() -> Iterator[bytes]:
    """Hang up in the middle of an answer."""
    yield b"25"


def huge() -> Iterator[bytes]:
    """Answer with 10 MB of lines that all say that more follow."""
    for _ in range(1000):
        yield b"250-and more\r\n" * 715


def long_line() -> Iterator[bytes]:
    """Answer with 10 MB in one line."""
    for _ in range(1000):
        yield b"2" * 10_000


@dataclass
class FaultySmtp(FaultyListener):
    """Listens on a free port; use it as `with FaultySmtp() as server`."""

    respond: Respond = field(default_factory=lambda: line("250 OK"))
    moment: str = TEXT
    texts: list[bytes] = field(default_factory=list)

    def never(self) -> Iterator[bytes]:
        """Say nothing until the test ends."""
        self.ended.wait(20)
        return iter(())

    def drip(self) -> Iterator[bytes]:
        """Answer a byte at a time, and never finish."""
        while not self.ended.wait(0.05):
            yield b"2"

    def serve(self, handler: socketserver.StreamRequestHandler) -> None:
        """Speak SMTP until the moment has come."""
        if self.moment == GREETING:
            self._say(handler)
            return
        handler.wfile.write(b"220 mail.example.org\r\n")
        while command := handler.rfile.readline():
            if command.upper().startswith(b"DATA"):
                handler.wfile.write(b"354 Go on\r\n")
                self.texts.append(self._text(handler))
                self._say(handler)
                return
            handler.wfile.write(b"250 OK\r\n")

    def _say(self, handler: socketserver.StreamRequestHandler) -> None:
        for chunk in self.respond():
            handler.wfile.write(chunk)

    def _text(self, handler: socketserver.StreamRequestHandler) -> bytes:
        lines = []
        while (said := handler.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(said)
        return b"".join(lines)
