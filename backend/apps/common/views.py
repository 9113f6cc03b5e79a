"""Is it alive, ready, well; what does it count; where do things begin."""

import hmac
import ipaddress
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from drf_yasg import openapi
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common import deployment, metrics, status
from apps.common.errors import RETRY_AFTER_SECONDS
from apps.common.forwarding import FORWARDED
from apps.common.openapi import ANYONE, described

OBSTACLES = {
    "draining": "This process is about to end.",
    "database": "The database does not answer.",
    "migrations": "Not all migrations are applied; run `manage.py migrate`.",
}

_PART = openapi.Schema(
    type=openapi.TYPE_OBJECT,
    properties={
        "state": openapi.Schema(
            type=openapi.TYPE_STRING,
            enum=["ok", "degraded", "off"],
        ),
        "age_seconds": openapi.Schema(
            type=openapi.TYPE_NUMBER,
            x_nullable=True,
            description="Age of the last sign of life.",
        ),
    },
)
_PARTS = (
    "database",
    "channel_layer",
    "broker",
    "worker",
    "beat",
    "rabbitmq_consumer",
)
_STATUS = openapi.Schema(
    type=openapi.TYPE_OBJECT,
    properties={
        "status": openapi.Schema(
            type=openapi.TYPE_STRING,
            enum=["ok", "degraded", "down"],
        ),
        "version": openapi.Schema(type=openapi.TYPE_STRING),
        "time": openapi.Schema(type=openapi.TYPE_STRING, format="date-time"),
        "parts": openapi.Schema(
            type=openapi.TYPE_OBJECT,
            properties=dict.fromkeys(_PARTS, _PART),
        ),
    },
)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process is alive; nothing else is asked."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether a load balancer may send work here."""
    obstacle = status.obstacle()
    if obstacle is None:
        return JsonResponse({"status": "ready"})
    return JsonResponse(
        {"detail": OBSTACLES[obstacle], "code": obstacle},
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


@never_cache
@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """Show this process's metrics to this host, or to who has the token."""
    if not (_has_metrics_token(request) or _is_from_this_host(request)):
        detail = "Metrics are for this host, or with the bearer token METRICS_TOKEN."
        return JsonResponse(
            {"detail": detail, "code": "permission_denied"},
            status=HTTPStatus.FORBIDDEN,
        )
    page = generate_latest(metrics.REGISTRY) + generate_latest(deployment.REGISTRY)
    return HttpResponse(page, content_type=CONTENT_TYPE_LATEST)


def _has_metrics_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode()
    right = f"Bearer {settings.METRICS_TOKEN}".encode()
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given, right)


def _is_from_this_host(request: HttpRequest) -> bool:
    scope: dict[str, Any] = getattr(request, "scope", {})
    if scope.get(FORWARDED) or "X-Forwarded-For" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


class StatusView(APIView):
    """How the deployment is."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @described(
        operation_id="status",
        summary="Ask how the deployment is",
        description=(
            "Each part is `ok`, `degraded` or `off` (not configured), with the age of "
            "its last sign of life. 503 with the same body when the database is gone."
        ),
        responses={200: _STATUS, 503: _STATUS},
        security=ANYONE,
        tags=["status"],
    )
    def get(self, request: Request) -> Response:
        """Answer at once, whatever hangs."""
        now = status.current()
        down = now["status"] == "down"
        code = HTTPStatus.SERVICE_UNAVAILABLE if down else HTTPStatus.OK
        return Response(now, status=code, headers={"Cache-Control": "no-store"})


ENTRY_POINTS = {
    "status": "/api/status/",
    "documentation": "/docs/",
    "schema": "/docs.json",
    "token": "/api/auth/token/",
    "session": "/api/auth/session/",
    "ticket": "/api/auth/ticket/",
    "me": "/api/user/me/",
    "inbox": "/api/user/notifications/",
    "send": "/api/notifications/send/",
    "notify": "/api/notify/",
    "clients": "/api/clients/",
    "mailings": "/api/mailings/",
    "messages": "/api/messages/",
    "websocket": "/ws/notifications/",
    "page": "/",
    "admin": "/admin/",
}


class EntryPointsView(APIView):
    """Where things begin."""

    permission_classes = (AllowAny,)

    @described(
        operation_id="entry_points",
        summary="List the entry points",
        description="The paths from which everything else is found.",
        responses={
            200: openapi.Schema(
                type=openapi.TYPE_OBJECT,
                additional_properties=openapi.Schema(type=openapi.TYPE_STRING),
            ),
        },
        security=ANYONE,
        tags=["status"],
    )
    def get(self, request: Request) -> Response:
        """List the paths."""
        return Response(ENTRY_POINTS)
