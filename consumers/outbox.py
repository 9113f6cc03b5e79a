"""What goes back to the exchange, as rows that a crash cannot lose."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.common import clock
from apps.events.models import EventSend
from apps.notifications.entries import Refusal
from apps.notifications.models import Notification
from consumers import messages
from consumers.messages import Incoming, storable
from consumers.models import DeadLetter, OutboxResult

_AT_ONCE = 500


def created(message: Incoming, row: Notification, *, now: datetime) -> OutboxResult:
    """Tell the publisher what its message became."""
    return _result(
        message,
        {
            "status": "created",
            "user_id": row.recipient_id,
            "id": row.pk,
            "key": str(row.key),
            "seq": row.seq,
            "created_at": row.created_at.isoformat(),
        },
        now=now,
    )


def queued(message: Incoming, row: EventSend, *, now: datetime) -> OutboxResult:
    """Tell the publisher that its event is on its way, and to how many."""
    return _result(
        message,
        {
            "status": "queued",
            "event_id": row.event_id,
            "id": row.pk,
            "recipients": row.recipients,
            "total": row.total,
            "created_at": row.created_at.isoformat(),
        },
        now=now,
    )


def duplicate(message: Incoming, *, now: datetime) -> OutboxResult:
    """Tell the publisher that this message id was taken before."""
    return _result(message, {"status": "duplicate"}, now=now)


def refused(message: Incoming, refusal: Refusal, *, now: datetime) -> OutboxResult:
    """Tell the publisher why, without a word of the body."""
    error = {"code": refusal.code, "errors": refusal.errors}
    return _result(message, {"status": "error", "error": error}, now=now)


def dead(message: Incoming, refusal: Refusal, *, now: datetime) -> OutboxResult:
    """Copy a message to the dead letters, with the reason."""
    headers: dict[str, Any] = {
        messages.REASON: refusal.code,
        messages.DETAIL: refusal.detail[:1000],
        messages.FIRST_SEEN: now.isoformat(),
        messages.ORIGINAL_ID: message.given_id,
        messages.ORIGINAL_KEY: message.key,
        messages.ORIGINAL_SOURCE: message.source,
        messages.BODY_SIZE: message.body_size,
    }
    known = message.headers.get(messages.DEAD_LETTER)
    if storable(known):
        headers[messages.DEAD_LETTER] = known
    return OutboxResult(
        routing_key=messages.DEAD,
        body=message.body,
        content_type=storable(message.content_type),
        correlation_id=storable(message.correlation_id),
        headers=headers,
        created_at=now,
        due_at=now + _lease(),
    )


def again(letter: DeadLetter, *, now: datetime) -> OutboxResult:
    """Send a dead letter once more; it is due at once."""
    return OutboxResult(
        routing_key=letter.routing_key,
        body=bytes(letter.body),
        content_type=letter.content_type,
        correlation_id=letter.correlation_id,
        headers={messages.DEAD_LETTER: str(letter.key)},
        created_at=now,
        due_at=now,
    )


def claim_due(*, now: datetime) -> list[OutboxResult]:
    """Return rows that nobody is publishing; they are the caller's for the lease."""
    due = OutboxResult.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    if not due.exists():
        return []
    with transaction.atomic():
        rows = list(due.select_for_update(skip_locked=True)[:_AT_ONCE])
        _of(row.pk for row in rows).update(due_at=now + _lease())
    return rows


def release(keys: Sequence[int]) -> None:
    """Offer rows again that were not confirmed."""
    _of(keys).update(due_at=clock.now())


def forget_confirmed(keys: Sequence[int]) -> None:
    """Delete rows that the broker has."""
    _of(keys).delete()


def _of(keys: Any) -> QuerySet[OutboxResult]:
    return OutboxResult.objects.filter(pk__in=list(keys))


def _lease() -> timedelta:
    return timedelta(seconds=settings.RABBITMQ_CONFIRM_SECONDS)


def _result(
    message: Incoming,
    body: dict[str, Any],
    *,
    now: datetime,
) -> OutboxResult:
    given = message.given_id
    return OutboxResult(
        routing_key=messages.RESULT,
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
        correlation_id=storable(message.correlation_id),
        headers={messages.ORIGINAL_ID: given} if given else {},
        created_at=now,
        due_at=now + _lease(),
    )
