"""What every HTTP request passes before Django sees it.

Bodies are bounded and complete, answers have a deadline, and headers that only a proxy
may set are believed from a proxy only.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.conf import settings

from apps.common import metrics, watchdog
from apps.common.forwarding import cleaned
from apps.common.requests import request_id_for
from config.refusals import Refusal, first_refusal

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 3
LINGER_SECONDS = 1.0
LINGER_BYTES = 2 * 1024 * 1024
WITHOUT_DATABASE = frozenset(
    {
        "/",
        "/api/notifications/",
        "/api/status/",
        "/healthz",
        "/metrics",
        "/readyz",
    },
)

TAKES_FILES = frozenset(
    {"/api/clients/import/", "/admin/mailings/client/import/"},
)
LOGIN_HEADERS = frozenset({b"authorization", b"cookie", b"x-service-token"})

UNAVAILABLE = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "The service is not available just now.",
)
TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_large",
    "The body is too large.",
)
TOO_SLOW = Refusal(
    HTTPStatus.REQUEST_TIMEOUT,
    "body_timeout",
    "The body did not arrive in time.",
)

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
# The loop keeps weak references to tasks only; an abandoned one must live on to its
# end, because a thread in a database driver cannot be interrupted.
_abandoned: set[asyncio.Task[None]] = set()


class ClientGone(Exception):  # noqa: N818  (reads as what happened)
    """The client left before its body was complete; there is nobody to answer."""


@dataclass
class Refused(Exception):  # noqa: N818  (reads as what happened)
    """The request is answered here; the application never sees it."""

    refusal: Refusal


def edge(app: Application) -> Application:
    """Wrap an application that serves HTTP."""

    async def served(
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        scope = cleaned(scope)
        try:
            refusal = first_refusal(scope) or _without_database(scope)
            if refusal:
                raise Refused(refusal)
            body = await _complete_body(scope, receive)
        except Refused as refused:
            await _refuse(Exchange(scope, receive, send, b""), refused.refusal)
        except ClientGone:
            return
        else:
            await _answer_in_time(app, Exchange(scope, receive, send, body))

    return served


def _without_database(scope: Scope) -> Refusal | None:
    path = scope["path"]
    if watchdog.is_answering() or path in WITHOUT_DATABASE:
        return None
    return None if path.startswith(settings.STATIC_URL) else UNAVAILABLE


def _body_limit(scope: Scope) -> int:
    """Say how much a body may hold: more for files, from somebody who shows a login."""
    is_upload = scope["method"] == "POST" and scope["path"] in TAKES_FILES
    shows_login = any(name in LOGIN_HEADERS for name, _ in scope["headers"])
    if is_upload and shows_login:
        return int(settings.IMPORT_BODY_LIMIT)
    return int(settings.REQUEST_BODY_LIMIT)


async def _complete_body(scope: Scope, receive: Receive) -> bytes:
    limit = _body_limit(scope)
    for name, value in scope["headers"]:
        if name == b"content-length" and _exceeds(value, limit):
            raise Refused(TOO_LARGE)
    try:
        async with asyncio.timeout(settings.REQUEST_BODY_SECONDS):
            return await _read_up_to(limit, receive)
    except TimeoutError as error:
        raise Refused(TOO_SLOW) from error


def _exceeds(content_length: bytes, limit: int) -> bool:
    # Servers refuse what is not a number; int() of thousands of digits would raise.
    digits = content_length.strip().lstrip(b"0")
    return len(digits) > 18 or (digits.isdigit() and int(digits) > limit)


async def _read_up_to(limit: int, receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Refused(TOO_LARGE)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _refuse(exchange: "Exchange", refusal: Refusal) -> None:
    unread = refusal in {TOO_LARGE, TOO_SLOW}
    send = exchange.real_send
    await _send_refusal(exchange.scope, refusal, send, closing=unread)
    if refusal is TOO_LARGE:
        await _linger(exchange.real_receive)
    if unread:
        await send({"type": "http.response.body", "body": b""})


async def _send_refusal(
    scope: Scope,
    refusal: Refusal,
    send: Send,
    *,
    closing: bool = False,
) -> None:
    metrics.count_refusal(scope["method"], refusal.status)
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin1")
    body = json.dumps({"detail": refusal.detail, "code": refusal.code}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", request_id_for(given).encode()),
    ]
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
    if closing:
        headers.append((b"connection", b"close"))
    status = int(refusal.status)
    await send(
        {"type": "http.response.start", "status": status, "headers": headers},
    )
    if scope["method"] == "HEAD":
        body = b""
    await send(
        {"type": "http.response.body", "body": body, "more_body": closing},
    )


async def _linger(receive: Receive) -> None:
    """Swallow a little more of the body, so that the client reads our answer.

    Closing a connection with unread data resets it, and the answer is lost.
    """
    swallowed = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while swallowed < LINGER_BYTES:
                message = await receive()
                swallowed += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


@dataclass
class Exchange:
    """One request and its answer, as the application sees them."""

    scope: Scope
    real_receive: Receive
    real_send: Send
    body: bytes
    started: asyncio.Event = field(default_factory=asyncio.Event)
    abandoned: bool = False
    body_given: bool = False

    async def receive(self) -> Message:
        """Give the body in one piece, then what the server says."""
        if not self.body_given:
            self.body_given = True
            body, self.body = self.body, b""
            return {"type": "http.request", "body": body, "more_body": False}
        message = await self.real_receive()
        if self.abandoned:
            # The disconnect is our own answer's end: the application must not take
            # it for the client's and cancel work that a thread is in the middle of.
            await asyncio.Event().wait()
        return message

    async def send(self, message: Message) -> None:
        """Pass a message on unless somebody else has answered already."""
        if self.abandoned:
            return
        self.started.set()
        await self.real_send(message)


async def _answer_in_time(app: Application, exchange: Exchange) -> None:
    task = asyncio.ensure_future(app(exchange.scope, exchange.receive, exchange.send))
    started = asyncio.ensure_future(exchange.started.wait())
    try:
        await asyncio.wait(
            {task, started},
            timeout=_deadline_seconds(exchange.scope["path"]),
            return_when=asyncio.FIRST_COMPLETED,
        )
        if not task.done() and not exchange.started.is_set():
            await _abandon(task, exchange)
        else:
            await task
    except asyncio.CancelledError:
        task.cancel()
        raise
    finally:
        started.cancel()


def _deadline_seconds(path: str) -> float:
    if path.startswith("/api/") or path in WITHOUT_DATABASE:
        return float(settings.API_DEADLINE_SECONDS)
    return float(settings.PAGE_DEADLINE_SECONDS)


async def _abandon(task: "asyncio.Future[None]", exchange: Exchange) -> None:
    exchange.abandoned = True
    logger.warning(
        "answer overdue, request abandoned",
        extra={"method": exchange.scope["method"], "path": exchange.scope["path"]},
    )
    kept = asyncio.ensure_future(_outlive(task))
    _abandoned.add(kept)
    metrics.ABANDONED_REQUESTS.set(len(_abandoned))
    kept.add_done_callback(_forget)
    await _send_refusal(exchange.scope, UNAVAILABLE, exchange.real_send)


async def _outlive(task: "asyncio.Future[None]") -> None:
    await asyncio.wait({task})
    if not task.cancelled() and task.exception():
        logger.error("abandoned request failed", exc_info=task.exception())


def _forget(kept: "asyncio.Task[None]") -> None:
    _abandoned.discard(kept)
    metrics.ABANDONED_REQUESTS.set(len(_abandoned))
