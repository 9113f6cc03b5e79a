"""The WebSocket as Channels sees it: thin, everything is decided elsewhere."""

import contextlib
from collections.abc import Callable
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings

from apps.accounts import devices
from apps.accounts.admission import Asked
from apps.push import client_frames, protocol
from apps.push.client_frames import BadFrame
from apps.realtime.connection import Connection
from apps.realtime.handshake import Opening, origin_is_allowed, read_opening
from apps.realtime.hub import Hub, hub_of_this_loop
from apps.realtime.outbox import Outbox

RETRY_AFTER_SECONDS = "5"
TOKEN_PREFIX = "token "  # noqa: S105  (a scheme's name, not a secret)
ABORT_EXTENSION = "carillon.abort"
WRITE_EXTENSION = "carillon.write"


class NotificationsConsumer(AsyncConsumer):
    """One socket.

    It has no channel of its own (the hub has one per process), and its dispatch does
    not close old database connections through the shared thread, as the stock one does
    for every frame: nothing here touches the database from the event loop.
    """

    channel_layer_alias = None  # type: ignore[assignment]  # no layer at all

    async def __call__(
        self,
        scope: Any,
        receive: ASGIReceiveCallable,
        send: ASGISendCallable,
    ) -> None:
        """Serve one socket from connect to disconnect."""
        self.scope: Any = scope
        self.base_send = send
        self.hub: Hub = hub_of_this_loop()
        self.connection: Connection | None = None
        try:
            with contextlib.suppress(StopConsumer):
                await self._serve(receive)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self.connection is not None:
            self.connection.outbox.stop()
            self.hub.remove(self.connection)

    async def _serve(self, receive: ASGIReceiveCallable) -> None:
        while True:
            await self.dispatch(dict(await receive()))

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Handle an event of the server by a fixed table."""
        await HANDLERS[message["type"]](self, message)

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Check origin and limits, accept, then see who it is."""
        opening = read_opening(self.scope)
        if not self._origin_is_allowed(opening):
            await self._reject(403, "Forbidden origin.")
        if not opening.is_well_formed:
            await self._reject(400, "Bad subprotocols.")
        if self.hub.is_full:
            await self._reject(503, "Too many connections; try again.")
        await self.send(
            {"type": "websocket.accept", "subprotocol": opening.subprotocol},
        )
        self._begin(opening)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Hand a frame to the connection."""
        if self.connection is None or self.connection.outbox.is_closed:
            return
        self.connection.inbound.receive(message.get("text"))

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """End."""
        raise StopConsumer

    def _begin(self, opening: Opening) -> None:
        connection = Connection(
            hub=self.hub,
            outbox=Outbox(
                self.send,
                limit=settings.WS_QUEUE_BYTES,
                overflow=self._abort,
                write_now=(self.scope.get("extensions") or {}).get(WRITE_EXTENSION),
            ),
            abort=self._abort,
        )
        self.connection = connection
        connection.device = devices.named(opening.user_agent) or "WebSocket"
        self.hub.add(connection)
        connection.expected_user_id = self.scope["url_route"]["kwargs"].get("user_id")
        try:
            connection.resume = client_frames.parse_resume(opening.query_string)
        except BadFrame as problem:
            connection.resume_problem = problem
        self._authenticate(connection, opening)

    def _authenticate(self, connection: Connection, opening: Opening) -> None:
        if not opening.version_is_known:
            text = f"This server speaks {protocol.SUBPROTOCOL}."
            connection.end(protocol.CLOSE_VERSION, "version", text)
        elif opening.ticket is not None:
            asked = Asked(opening.ticket, may_be_ticket=True, may_be_token=False)
            self.hub.authenticate(connection, asked)
        elif opening.authorization is not None:
            self._authenticate_by_header(connection, opening)

    def _authenticate_by_header(self, connection: Connection, opening: Opening) -> None:
        header = opening.authorization or ""
        if opening.origin is not None or not header.lower().startswith(TOKEN_PREFIX):
            text = "This kind of credential is not taken here."
            connection.end(protocol.CLOSE_UNAUTHENTICATED, "unauthenticated", text)
            return
        token = header[len(TOKEN_PREFIX) :].strip()
        asked = Asked(token, may_be_ticket=False, may_be_token=True)
        self.hub.authenticate(connection, asked)

    def _origin_is_allowed(self, opening: Opening) -> bool:
        headers = dict(self.scope["headers"])
        return origin_is_allowed(
            opening.origin,
            scheme="https" if self.scope.get("scheme") == "wss" else "http",
            host=headers.get(b"host", b"").decode("latin-1"),
            allowed=settings.WS_ALLOWED_ORIGINS,
        )

    async def _reject(self, status: int, text: str) -> None:
        extensions = self.scope.get("extensions") or {}
        if "websocket.http.response" not in extensions:
            await self.send({"type": "websocket.close"})
            raise StopConsumer
        await self.send(
            {
                "type": "websocket.http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"text/plain; charset=utf-8"),
                    (b"retry-after", RETRY_AFTER_SECONDS.encode()),
                ],
            },
        )
        await self.send(
            {"type": "websocket.http.response.body", "body": text.encode()},
        )
        raise StopConsumer

    def _abort(self) -> None:
        extensions = self.scope.get("extensions") or {}
        abort: Callable[[], None] | None = extensions.get(ABORT_EXTENSION)
        if abort is not None:
            abort()
        elif self.connection is not None:
            self.connection.outbox.force_close(protocol.CLOSE_TOO_SLOW)


HANDLERS: dict[str, Callable[..., Any]] = {
    "websocket.connect": NotificationsConsumer.websocket_connect,
    "websocket.receive": NotificationsConsumer.websocket_receive,
    "websocket.disconnect": NotificationsConsumer.websocket_disconnect,
}
