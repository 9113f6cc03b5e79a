"""The ASGI application: HTTP through the edge to Django, sockets to the consumer."""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Before anything that imports a model.
_django = get_asgi_application()

from apps.common import forwarding  # noqa: E402
from apps.notifications.quick_send import QuickSend  # noqa: E402
from apps.realtime.routing import websocket_application  # noqa: E402
from apps.sandbox.gateway import Sandbox  # noqa: E402
from config.cors import cors  # noqa: E402
from config.edge import edge  # noqa: E402


async def _sockets(scope: Any, receive: Any, send: Any) -> None:
    await websocket_application(forwarding.cleaned(scope), receive, send)


_http = Sandbox(_django) if settings.SANDBOX else _django
application = ProtocolTypeRouter(
    {"http": cors(edge(QuickSend(_http))), "websocket": _sockets}
)
