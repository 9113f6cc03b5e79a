"""How a notification does on its ladder, for programs and for people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.common import clock
from apps.notifications.known import Known
from apps.notifications.ladder import IN_APP, Finish, Hold, Skip, Try, Wait
from apps.notifications.models import (
    Delivery,
    DeliveryStatus,
    Notification,
    NotificationAttempt,
)


@dataclass(frozen=True)
class Progress:
    """Where a notification stands at this moment."""

    status: str
    channel: str
    held: bool = False
    hold_reason: str = ""
    next: dict[str, Any] | None = None


def delivery_of(notification: Notification) -> Delivery | None:
    """Return the ladder; None where there is only the page."""
    return Delivery.objects.filter(pk=notification.pk).first()


def attempts_of(delivery: Delivery | None) -> list[NotificationAttempt]:
    """Return every attempt of every round, in their order."""
    if delivery is None:
        return []
    return list(delivery.attempts.order_by("round", "started_at", "id"))


def progress_of(delivery: Delivery | None, *, now: datetime) -> Progress:
    """Say where it stands: what was read meanwhile is over, before a worker looks."""
    if delivery is None:
        return Progress(DeliveryStatus.SENT, IN_APP)
    if delivery.status != DeliveryStatus.PENDING or delivery.token is not None:
        return Progress(delivery.status, delivery.channel)
    known = Known.of([delivery], now=now)
    step = known.step(delivery)
    while isinstance(step, Skip):
        known.skip(delivery, step, now=now)
        step = known.step(delivery)
    if isinstance(step, Finish):
        return Progress(step.status, step.channel)
    if isinstance(step, Hold):
        return Progress(delivery.status, "", held=True, hold_reason=step.reason)
    return _with_next(delivery, step, now=now)


def ladder(notification: Notification) -> dict[str, Any]:
    """Describe the ladder as `GET /api/notify/{id}/` answers."""
    delivery = delivery_of(notification)
    progress = progress_of(delivery, now=clock.now())
    return {
        "id": notification.pk,
        "status": progress.status,
        "channel": progress.channel or None,
        "created_at": notification.created_at.isoformat(timespec="microseconds"),
        "channels": delivery.channels if delivery else [IN_APP],
        "round": delivery.round if delivery else 1,
        "held": progress.held,
        "hold_reason": progress.hold_reason,
        "attempts": [_attempt(each) for each in attempts_of(delivery)],
        "next": progress.next,
    }


def _with_next(delivery: Delivery, step: Try | Wait, *, now: datetime) -> Progress:
    moment = step.until if isinstance(step, Wait) else delivery.next_at or now
    reason = step.reason if isinstance(step, Wait) else ""
    return Progress(
        delivery.status,
        "",
        held=bool(reason),
        hold_reason=reason,
        next={
            "channel": step.channel,
            "number": step.number,
            "at": moment.isoformat(timespec="microseconds"),
        },
    )


def _attempt(row: NotificationAttempt) -> dict[str, Any]:
    ended = row.finished_at
    return {
        "round": row.round,
        "channel": row.channel,
        "number": row.number,
        "status": row.status,
        "error": row.error,
        "provider_response": row.provider_response,
        "started_at": row.started_at.isoformat(timespec="microseconds"),
        "finished_at": ended.isoformat(timespec="microseconds") if ended else None,
    }
