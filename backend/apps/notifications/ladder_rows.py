"""From rows to what the ladder's rules look at, and from its steps back to rows."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from apps.delivery import channels
from apps.delivery.base import Attachment, Content
from apps.notifications.ladder import (
    HOLD,
    IN_APP,
    SENT,
    Attempt,
    Circumstances,
    Finish,
    Hold,
    Plan,
    Skip,
    Step,
    Wait,
    retry_at,
)
from apps.notifications.models import (
    AttemptStatus,
    Delivery,
    DeliveryMode,
    DeliveryStatus,
    DeliveryUntil,
    Notification,
    NotificationAttempt,
)
from apps.notifications.policy import Draft

_random = random.SystemRandom()
# What `place` writes, and a claim.
PLACED = (
    "token",
    "held",
    "hold_reason",
    "status",
    "channel",
    "finished_at",
    "next_at",
    "next_channel",
)
DRAWN = (AttemptStatus.FAILED, AttemptStatus.UNKNOWN, AttemptStatus.DEFERRED)


def plan_of(row: Delivery) -> Plan:
    """Return what the sender wanted."""
    return Plan(
        channels=tuple(row.channels),
        is_first=row.mode == DeliveryMode.FIRST,
        is_until_read=row.until == DeliveryUntil.READ,
        waits=tuple(timedelta(seconds=each) for each in row.wait),
        skip_if_online=row.skip_if_online,
    )


def attempts_of(
    row: Delivery, attempts: Iterable[NotificationAttempt]
) -> list[Attempt]:
    """Return the attempts of the present round; the page's own has always succeeded."""
    found = [
        Attempt(
            channel=each.channel,
            number=each.number,
            status=each.status,
            ended_at=each.finished_at,
            is_permanent=each.is_permanent,
            retry_at=each.retry_at,
        )
        for each in sorted(attempts, key=lambda each: each.number)
        if each.round == row.round and each.status != AttemptStatus.RUNNING
    ]
    if IN_APP in row.channels:
        began = row.round_began_at
        found.append(Attempt(channel=IN_APP, number=1, status=SENT, ended_at=began))
    return found


def circumstances_of(
    notification: Notification,
    *,
    now: datetime,
    **more: Any,
) -> Circumstances:
    """Return what is so for a notification; `more` is what the caller has looked up."""
    if "on_unknown" not in more:
        more["on_unknown"] = unknown_choices()
    expires_at = notification.expires_at
    is_expired = expires_at is not None and expires_at <= now
    return Circumstances(
        now=now,
        read_at=notification.read_at,
        is_over=is_expired or notification.withdrawn_at is not None,
        **more,
    )


def unknown_choices() -> dict[str, str]:
    """Say what follows an unknown outcome, by channel: the setting, or the channel."""
    chosen = {name: channels.get(name).on_unknown() for name in channels.names()}
    return {**dict.fromkeys(channels.names(), HOLD), **chosen, **settings.ON_UNKNOWN}


def place(row: Delivery, step: Step, *, now: datetime) -> None:
    """Write a step into its row."""
    row.token = None
    row.held = False
    row.hold_reason = ""
    if isinstance(step, Finish):
        end = finished(DeliveryStatus(step.status), channel=step.channel, now=now)
        for name, value in end.items():
            setattr(row, name, value)
    elif isinstance(step, Hold):
        row.next_at = None
        row.next_channel = step.channel
        row.held, row.hold_reason = True, step.reason
    else:
        row.next_channel = step.channel
        row.next_at = step.until if isinstance(step, Wait) else now
        if isinstance(step, Wait) and step.reason:
            row.held, row.hold_reason = True, step.reason


def finished(status: DeliveryStatus, *, channel: str, now: datetime) -> dict[str, Any]:
    """Return what a delivery has when it is over, by field."""
    return {
        "token": None,
        "held": False,
        "hold_reason": "",
        "status": status,
        "channel": channel,
        "finished_at": now,
        "next_at": None,
        "next_channel": "",
    }


def end(attempt: NotificationAttempt, status: AttemptStatus, *, now: datetime) -> None:
    """Close an attempt; when it may be made again is drawn here, once."""
    attempt.status = status
    attempt.finished_at = now
    if status in DRAWN:
        attempt.retry_at = retry_at(
            attempt.number + attempt.repeats,
            now=now,
            retry_after=None,
            random=_random.random,
        )


def ask_for_patience(
    attempt: NotificationAttempt, *, now: datetime, retry_after: float
) -> None:
    """Wait as long as the provider asked, or longer."""
    attempt.retry_at = retry_at(
        attempt.number, now=now, retry_after=retry_after, random=_random.random
    )


def skipped(
    row: Delivery, step: Skip, *, number: int, now: datetime
) -> NotificationAttempt:
    """Note that a channel was left out, and why."""
    return NotificationAttempt(
        delivery=row,
        round=row.round,
        channel=step.channel,
        number=number,
        status=AttemptStatus.SKIPPED,
        error=step.reason,
        started_at=now,
        finished_at=now,
    )


def encoded_contents(contents: Mapping[str, Content] | None) -> dict[str, Any]:
    """Return contents as JSON keeps them."""
    return {name: asdict(content) for name, content in (contents or {}).items()}


def content_for(row: Delivery, notification: Notification, channel: str) -> Content:
    """Return what a channel says: its own words, or the notification's."""
    own = row.contents.get(channel)
    if own is not None:
        files = tuple(Attachment(**each) for each in own["attachments"])
        return Content(**{**own, "attachments": files})
    text = notification.body or notification.title or notification.payload
    link = _absolute(notification.url)
    return Content(
        subject=notification.title,
        text=f"{text}\n\n{link}" if link else text,
        payload=notification.payload,
    )


def _absolute(url: str) -> str:
    if url.startswith("/"):
        return f"{settings.PUBLIC_URL}{url}" if settings.PUBLIC_URL else ""
    return url


def new_delivery(
    draft: Draft, notification: Notification, *, message_id: int, now: datetime
) -> Delivery:
    """Return the row of a draft that is for more than the page."""
    return Delivery(
        notification=notification,
        channels=list(draft.channels),
        mode=draft.mode,
        until=draft.until,
        wait=[each.total_seconds() for each in draft.wait],
        skip_if_online=draft.skip_if_online,
        contents=encoded_contents(draft.contents),
        addresses=dict(draft.addresses or {}),
        round_began_at=now,
        message_id=message_id,
    )


def next_number(attempts: Sequence[Attempt], channel: str) -> int:
    """Say which number the next attempt on a channel has."""
    counted = {"failed", "unknown"}
    return 1 + sum(
        1 for each in attempts if each.channel == channel and each.status in counted
    )
