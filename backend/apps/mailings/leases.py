"""The places for loops that send: as many as MAILING_ENGINES, over all processes."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from apps.mailings.models import EngineLease

LEASE = timedelta(seconds=6)


def take(holder: uuid.UUID, *, now: datetime) -> bool:
    """Take a free place, or keep the one held; False when all are taken."""
    mine = EngineLease.objects.filter(holder=holder, until__gt=now)
    if mine.update(until=now + LEASE):
        return True
    return any(_take(place, holder, now) for place in range(settings.MAILING_ENGINES))


def _take(place: int, holder: uuid.UUID, now: datetime) -> bool:
    row = EngineLease.objects.filter(place=place)
    # A lease from before the clock was put back would bar the place for as long.
    is_over = Q(until__lte=now) | Q(until__gt=now + 2 * LEASE)
    free = row.filter(is_over | Q(holder=holder))
    if free.update(holder=holder, until=now + LEASE):
        return True
    if row.exists():
        return False
    # Of several that find it missing, the unique place lets one in.
    EngineLease.objects.bulk_create(
        [EngineLease(place=place, holder=holder, until=now + LEASE)],
        ignore_conflicts=True,
    )
    return row.filter(holder=holder).exists()


def give_up(holder: uuid.UUID, *, now: datetime) -> None:
    """Leave the place to whoever comes next."""
    EngineLease.objects.filter(holder=holder).update(until=now)
