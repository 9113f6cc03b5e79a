"""HTTP and WebSocket, routed as Channels' documentation does it."""

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

django_application = get_asgi_application()

from benchmarks.stock.consumers import NotificationConsumer  # noqa: E402  (after setup)

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter(
            [path("ws/<int:user_id>/", NotificationConsumer.as_asgi())],  # type: ignore[list-item]
        ),
    },
)
