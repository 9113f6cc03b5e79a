"""An alert's way out of the page: a notification for each of its audience.

The cursor commits with each batch, and a notification's idempotency key is the alert's
slot and the person, so that nobody is told twice whatever a worker does. Importing this
has the notifications counted.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from apps.alerts import policy, selectors
from apps.alerts.models import Alert
from apps.common import chunks
from apps.notifications import figures, waking
from apps.notifications import services as notifications
from apps.notifications.policy import Draft

TASK = "alerts.tell_outside"
USERS_AT_ONCE = 200
TAKEN_BACK_AT_ONCE = 5000
PUBLICATION = 0
KIND = "alert"
# Of the sources of their notifications; the alert's id follows.
PREFIX = "alert:"


def source_of(alert_id: int) -> str:
    """Name the alert as where its notifications come from."""
    return f"{PREFIX}{alert_id}"


def tell_some(now: datetime, besides: Collection[int] = ()) -> bool:
    """Tell the next batch of the audience of an alert that was published.

    Of one that is not on any more, take the next batch back. False when there is
    nothing to do, or it is another worker's turn.
    besides: the ids of alerts to pass over.

    Raises: ChunkFailed naming the alert.
    """
    untold = Alert.objects.filter(outside_cursor__isnull=False)
    return chunks.next_chunk(untold, partial(_go_on, now=now), besides=besides)


def _go_on(alert: Alert, *, now: datetime) -> None:
    if policy.status(alert, now=now) is policy.Status.ACTIVE:
        alert.outside_cursor = _tell_next(alert, after=alert.outside_cursor or 0)
    elif _take_back_some(alert) < TAKEN_BACK_AT_ONCE:
        alert.outside_cursor = None
    alert.save(update_fields=["outside_cursor"])


def tell(alert: Alert, user_ids: Sequence[int], *, slot: int) -> None:
    """Tell people by the alert's outside channels, once for each slot."""
    channels = policy.outside_channels(alert)
    if not channels:
        return
    for batch in _batches(user_ids):
        notifications.notify_many(
            [_draft(alert, each, slot=slot, channels=channels) for each in batch]
        )


def take_back(alert: Alert) -> None:
    """Have a worker stop what has not left yet; the caller saves the alert.

    Not in the request: it may be as many notifications as there are people.
    """
    alert.outside_cursor = 0
    transaction.on_commit(partial(waking.wake, TASK), robust=True)


def _tell_next(alert: Alert, *, after: int) -> int | None:
    users = selectors.audience(alert).filter(pk__gt=after).order_by("pk")
    ids = list(users.values_list("pk", flat=True)[:USERS_AT_ONCE])
    tell(alert, ids, slot=PUBLICATION)
    return ids[-1] if len(ids) == USERS_AT_ONCE else None


def _take_back_some(alert: Alert) -> int:
    source = source_of(alert.pk)
    return notifications.withdraw_from(source, at_most=TAKEN_BACK_AT_ONCE)


def _draft(
    alert: Alert, user_id: int, *, slot: int, channels: tuple[str, ...]
) -> Draft:
    return Draft(
        user_id,
        title=alert.title,
        body=alert.message,
        severity=alert.severity,
        kind=KIND,
        source=source_of(alert.pk),
        idempotency_key=f"{slot}:{user_id}",
        expires_at=alert.expiry_time,
        channels=channels,
        mode="all",
    )


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(ids), USERS_AT_ONCE):
        yield ids[begin : begin + USERS_AT_ONCE]


figures.count(PREFIX)
