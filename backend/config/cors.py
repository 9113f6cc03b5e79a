"""Pages of other origins may use the inbox, if the settings name them.

Outside of everything else, so that refusals of the edge reach such a page too.

Source: https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings

from apps.realtime.handshake import origin_is_listed

# The inbox and nothing else: neither logins nor tickets nor sending.
INBOX = "/api/user/notifications/"
PREFLIGHT_SECONDS = 600

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


def cors(app: Application) -> Application:
    """Wrap an application that serves HTTP."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(INBOX) or not settings.CORS_ALLOWED_ORIGINS:
            await app(scope, receive, send)
            return
        origin = _allowed_origin(scope)
        if origin is not None and _is_preflight(scope):
            await _answer_preflight(origin, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), *_headers(origin)]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, send_marked)

    return served


def _allowed_origin(scope: Scope) -> bytes | None:
    given = [value for name, value in scope["headers"] if name == b"origin"]
    if len(given) != 1:
        return None
    origin = given[0].decode("latin-1")
    is_allowed = origin_is_listed(origin, settings.CORS_ALLOWED_ORIGINS)
    return given[0] if is_allowed else None


def _is_preflight(scope: Scope) -> bool:
    asks = any(name == b"access-control-request-method" for name, _ in scope["headers"])
    return scope["method"] == "OPTIONS" and asks


async def _answer_preflight(origin: bytes, send: Send) -> None:
    headers = [
        *_headers(origin),
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-allow-headers", b"Authorization, Content-Type"),
        (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _headers(origin: bytes | None) -> Headers:
    # Caches must not give one origin the answer to another. No credentials are ever
    # allowed: a page elsewhere has a token, and the cookie stays out of its reach.
    vary = (b"vary", b"Origin")
    if origin is None:
        return [vary]
    return [
        vary,
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"Retry-After, X-Request-Id"),
    ]
