"""`POST /api/notifications/send/` without Django's handler, where nothing is special.

It serves what a busy service sends: a token or a service key, a JSON body that is
right, no idempotency key. Everything else, and every error, goes to the view with the
same body: one place says what is wrong (docs/decisions/0010-quick-send.md).
"""

import asyncio
import time
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

import msgspec
from django.db import DatabaseError, InterfaceError, connection
from psycopg_pool import PoolTimeout

from apps.accounts.models import User
from apps.accounts.senders import Credentials, Senders, verified_sender
from apps.common import metrics, strict_json
from apps.common.requests import request_id_for
from apps.notifications import entries
from apps.notifications.models import Notification
from apps.notifications.policy import Draft
from apps.notifications.writer import Writer

PATH = "/api/notifications/send/"
ROUTE = "notification-send"
# With these the view has something to do that is not done here.
_LEFT_TO_THE_VIEW = frozenset({b"idempotency-key", b"cookie", b"expect"})
_ACCEPTED = frozenset({b"", b"*/*", b"application/json"})

Scope = Any
Message = MutableMapping[str, Any]


class _Answer(msgspec.Struct):
    user_id: int
    payload: msgspec.Raw
    id: int
    key: str
    seq: int
    created_at: str


class QuickSend:
    """An ASGI application in front of another."""

    def __init__(self, app: Any) -> None:
        """Keep the application that serves the rest."""
        self._app = app
        self._writer = Writer()
        self._senders = Senders()
        self._threads = ThreadPoolExecutor(1, "verify-sender")

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one request."""
        headers = _headers_if_plain(scope)
        if headers is None:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        body = await _body(receive)
        request_id = request_id_for(headers.get(b"x-request-id", b"").decode("latin-1"))
        row = await self._sent(headers, body, request_id)
        if row is None:
            await self._app(scope, _Again(body, receive), send)
            return
        await _answer(send, row, request_id)
        metrics.count_answer(ROUTE, "POST", HTTPStatus.OK, began=began)

    async def _sent(
        self,
        headers: dict[bytes, bytes],
        body: bytes,
        request_id: str,
    ) -> Notification | None:
        sender = await self._sender(headers)
        draft = _draft(body, source=sender, request_id=request_id) if sender else None
        if draft is None:
            return None
        try:
            return await self._writer.store(draft)
        except (User.DoesNotExist, DatabaseError, InterfaceError, PoolTimeout):
            # Nothing was committed; the view finds the same and says it properly.
            return None

    async def _sender(self, headers: dict[bytes, bytes]) -> str | None:
        credentials = Credentials(
            authorization=headers.get(b"authorization", b"").decode("latin-1"),
            service_id=headers.get(b"x-service-id", b"").decode("latin-1"),
            service_token=headers.get(b"x-service-token", b"").decode("latin-1"),
        )
        name = self._senders.known(credentials)
        if name is None:
            loop = asyncio.get_running_loop()
            name = await loop.run_in_executor(self._threads, _verify, credentials)
            if name is not None:
                self._senders.remember(credentials, name)
        return name


class _Again:
    """Gives a body that was read once more, then what really comes."""

    def __init__(self, body: bytes, receive: Any) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            message: Message = await self._receive()
            return message
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _headers_if_plain(scope: Scope) -> dict[bytes, bytes] | None:
    if scope["path"] != PATH or scope["method"] != "POST" or scope["query_string"]:
        return None
    headers = dict(scope["headers"])
    is_repeated = len(headers) != len(scope["headers"])
    if is_repeated or not _LEFT_TO_THE_VIEW.isdisjoint(headers):
        return None
    if headers.get(b"accept", b"") not in _ACCEPTED:
        return None
    if headers.get(b"content-type", b"").split(b";")[0].strip() != b"application/json":
        return None
    return headers


async def _body(receive: Any) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _verify(credentials: Credentials) -> str | None:
    try:
        return verified_sender(credentials)
    except (DatabaseError, InterfaceError, PoolTimeout):
        return None
    finally:
        connection.close()


def _draft(body: bytes, *, source: str, request_id: str) -> Draft | None:
    """Return the completed draft of a body that is right, else None."""
    try:
        strict_json.parse(body)
    except strict_json.BadJSON:
        return None
    entry = entries.plain(body, source=source, request_id=request_id)
    return entry.draft if entry is not None and entry.external_id is None else None


async def _answer(send: Any, row: Notification, request_id: str) -> None:
    body = msgspec.json.encode(
        _Answer(
            user_id=row.recipient_id or 0,
            payload=msgspec.Raw(row.payload.encode()),
            id=row.pk,
            key=str(row.key),
            seq=row.seq or 0,
            created_at=row.created_at.isoformat().replace("+00:00", "Z"),
        ),
    )
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
