"""What servers that misbehave have in common: a port, and an end that frees all."""

import socketserver
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass
class FaultyListener(ABC):
    """Listens on a free port of this machine while its context lasts."""

    ended: threading.Event = field(default_factory=threading.Event, kw_only=True)

    @abstractmethod
    def serve(self, handler: socketserver.StreamRequestHandler) -> None:
        """Speak with one client."""

    def __enter__(self) -> Self:
        """Start listening."""
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.serve(self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """Say nothing: leaving early is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            daemon=True,
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and end what still drips."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Say where it listens."""
        return int(self._server.server_address[1])
