"""What ends rows: their age."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.notifications import streams
from apps.notifications.models import Broadcast, BroadcastStatus, Notification

ROWS_AT_ONCE = 500


def prune(now: datetime) -> int:
    """Delete what is past its retention, in batches; return how many rows that were.

    `Stream.pruned_to` is raised with each batch, so that a client which comes back
    from below it is told that its position is gone.
    """
    acked_before = now - settings.ACKED_RETENTION
    unacked_before = now - settings.UNACKED_RETENTION
    past = (
        Q(acked_at__lt=acked_before),
        Q(acked_at=None, created_at__lt=unacked_before),
    )
    deleted = sum(_prune(rows) for rows in past)
    Broadcast.objects.filter(
        status=BroadcastStatus.DONE,
        created_at__lt=min(acked_before, unacked_before),
    ).delete()
    return deleted


def _prune(past: Q) -> int:
    deleted = 0
    while batch := _some(past):
        deleted += _delete(batch)
    return deleted


def _some(past: Q) -> list[tuple[int, int | None, int | None]]:
    rows = Notification.objects.filter(past).order_by()
    return list(rows.values_list("pk", "recipient_id", "seq")[:ROWS_AT_ONCE])


def _delete(batch: Sequence[tuple[int, int | None, int | None]]) -> int:
    numbers: dict[int, int] = {}
    for _, user_id, seq in batch:
        if user_id is None or seq is None:
            continue
        numbers[user_id] = max(seq, numbers.get(user_id, 0))
    with transaction.atomic():
        held = streams.lock(numbers)
        streams.raise_pruned_to(held.values(), numbers)
        rows = Notification.objects.filter(pk__in=[pk for pk, _, _ in batch])
        _, by_model = rows.delete()
    return by_model.get(Notification._meta.label, 0)
