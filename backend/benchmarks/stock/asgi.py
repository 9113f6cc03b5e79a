"""HTTP and WebSocket, routed as Channels' documentation does it."""

from typing import Any

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

from benchmarks.stock.consumers import NotificationConsumer

consumer: Any = NotificationConsumer.as_asgi()
application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter([path("ws/<int:user_id>/", consumer)]),
    },
)
