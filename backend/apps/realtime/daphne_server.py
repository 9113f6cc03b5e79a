"""Daphne, with a bound on request bodies.

Twisted keeps a whole body before it calls the application, so the edge's limit would
come too late there (https://github.com/twisted/twisted/issues/4898).
"""

import json
from typing import Any

import daphne.server
from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings
from django.utils.module_loading import import_string

from apps.common import watchdog
from apps.realtime.server import LIBRARY_FRAME_LIMIT

_BODY = json.dumps({"detail": "The body is too large.", "code": "too_large"}).encode()
_TOO_LARGE = (
    b"HTTP/1.1 413 Payload Too Large\r\n"
    b"Content-Type: application/json\r\n"
    b"Connection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class BoundedRequest(WebRequest):  # type: ignore[misc]  # no types
    """A request whose body ends with 413 when it grows over the limit."""

    _received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's name)
        """Refuse a body that says beforehand that it is too large."""
        super().gotLength(length)
        if length is not None and length > settings.REQUEST_BODY_LIMIT:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802  (Twisted's name)
        """Keep a piece, or refuse the rest."""
        self._received += len(data)
        if self._received <= settings.REQUEST_BODY_LIMIT:
            super().handleContentChunk(data)
        else:
            self._refuse()

    def _refuse(self) -> None:
        transport: Any = self.channel.transport
        if not transport.disconnecting:
            transport.write(_TOO_LARGE)
            transport.loseConnection()


class BoundedFactory(HTTPFactory):  # type: ignore[misc]  # no types
    """Builds connections with bounded requests."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802  (Twisted's name)
        """Build one."""
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


def run(*, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    daphne.server.HTTPFactory = BoundedFactory
    watchdog.start()
    daphne.server.Server(
        application=import_string("config.asgi.application"),
        endpoints=build_endpoint_description_strings(host=host, port=port),
        signal_handlers=True,
        ping_interval=settings.WS_PING_SECONDS,
        ping_timeout=settings.WS_PONG_SECONDS,
        websocket_timeout=-1,
        websocket_max_message_size=LIBRARY_FRAME_LIMIT,
        websocket_max_frame_size=LIBRARY_FRAME_LIMIT,
        http_timeout=None,
        application_close_timeout=2,
        server_name="",
    ).run()
    watchdog.stop()
