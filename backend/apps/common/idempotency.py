"""A request with an `Idempotency-Key` has its effect once, however often it is sent.

The stored answer is written in the effect's own transaction, so that there is either
both or neither.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from apps.common import clock
from apps.common.errors import Conflict, Unprocessable
from apps.common.models import IdempotentAnswer

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_ROWS_AT_ONCE = 1000


class InProgress(Conflict):
    """Another request with this key is being served just now."""

    default_detail = "A request with this Idempotency-Key is in progress."
    default_code = "in_progress"
    wait = 1  # DRF's exception handler makes the Retry-After header of it


class KeyReused(Unprocessable):
    """The key was used for another request."""

    default_detail = "This Idempotency-Key was used with another request."
    default_code = "idempotency_key_reused"


def once(
    request: Request,
    *,
    caller: str,
    effect: Callable[[], Response],
) -> Response:
    """Answer with the effect's response, or with the stored one of an earlier time.

    Without the header the effect runs as it is. Only answers of 2xx are kept; an
    effect that raises leaves nothing behind.

    caller: whose key it is; two callers may use the same key.
    Raises: ValidationError for a key that cannot be, InProgress, KeyReused.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return effect()
    if not _KEY.fullmatch(key):
        message = "1 to 255 printable ASCII characters."
        raise ValidationError({HEADER: [message]})
    digest = _digest(request)
    now = clock.now()
    with transaction.atomic():
        _claim(caller, key)
        stored = _stored(caller, key, now)
        if stored is not None:
            return _replayed(stored, digest)
        response = effect()
        if 200 <= response.status_code < 300:
            IdempotentAnswer.objects.create(
                caller=caller,
                key=key,
                body_hash=digest,
                status_code=response.status_code,
                body=json.dumps(response.data, cls=JSONEncoder, ensure_ascii=False),
                created_at=now,
            )
    return response


def prune(now: datetime) -> int:
    """Forget the answers that are past their retention, in batches."""
    past = IdempotentAnswer.objects.filter(
        created_at__lte=now - settings.IDEMPOTENCY_RETENTION,
    )
    deleted = 0
    while batch := list(past.values_list("pk", flat=True)[:_ROWS_AT_ONCE]):
        deleted += IdempotentAnswer.objects.filter(pk__in=batch).delete()[0]
    return deleted


def _digest(request: Request) -> str:
    body: bytes = getattr(request, "raw_body", None) or request.body
    start = f"{request.method}\n{request.get_full_path()}\n".encode()
    return hashlib.sha256(start + body).hexdigest()


def _claim(caller: str, key: str) -> None:
    """Be the only one with this key until the transaction ends.

    On SQLite the IMMEDIATE transaction lets one request in at a time; the second one
    waits and then finds the stored answer.
    """
    if connection.vendor != "postgresql":
        return
    name = hashlib.sha256(f"{caller}\n{key}".encode()).digest()
    number = int.from_bytes(name[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (is_ours,) = cursor.fetchone() or (False,)
    if not is_ours:
        raise InProgress


def _stored(caller: str, key: str, now: datetime) -> IdempotentAnswer | None:
    stored = IdempotentAnswer.objects.filter(caller=caller, key=key).first()
    if stored is None:
        return None
    if stored.created_at <= now - settings.IDEMPOTENCY_RETENTION:
        stored.delete()
        return None
    return stored


def _replayed(stored: IdempotentAnswer, digest: str) -> Response:
    if stored.body_hash != digest:
        raise KeyReused
    body: Any = json.loads(stored.body)
    return Response(body, status=stored.status_code, headers={REPLAYED_HEADER: "true"})
