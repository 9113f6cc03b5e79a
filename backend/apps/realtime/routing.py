"""The WebSocket's addresses."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from apps.realtime.consumer import NotificationsConsumer


async def _not_found(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
    await send({"type": "websocket.http.response.body", "body": b"Not found."})


_consumer: Any = NotificationsConsumer.as_asgi()

websocket_application: Any = URLRouter(
    [
        path("ws/notifications/", _consumer),
        path("ws/notifications/<int:user_id>/", _consumer),
        re_path("", _not_found),  # type: ignore[list-item,arg-type]  # typed for views
    ],
)
