"""Ids that gateways know messages by: from one row, never used twice.

A gateway that remembers ids takes a second use for a repetition and sends nothing, so
a restored store must begin elsewhere: the offset is random, and drawn again with the
epoch (docs/operations.md).
"""

import secrets

from django.db import transaction
from django.db.models import F

from apps.delivery.models import MessageIds

_ONLY_ROW = 1
# JSON's safe integers, with room for a trillion messages after the last offset.
_OFFSETS = 2**53 - 2**40


def allocate(count: int) -> list[int]:
    """Return the next ids; they are the caller's once its transaction commits.

    Raises: ValueError for less than one.
    """
    if count < 1:
        message = f"At least one id must be asked for, not {count}."
        raise ValueError(message)
    with transaction.atomic():
        if not _raised(count):
            MessageIds.objects.bulk_create(
                [MessageIds(pk=_ONLY_ROW, next_id=_drawn())],
                ignore_conflicts=True,
            )
            _raised(count)
        end = MessageIds.objects.values_list("next_id", flat=True).get(pk=_ONLY_ROW)
    return list(range(end - count, end))


def draw_again() -> None:
    """Go on from another random offset, as a restored store must."""
    MessageIds.objects.update_or_create(pk=_ONLY_ROW, defaults={"next_id": _drawn()})


def _raised(count: int) -> int:
    row = MessageIds.objects.filter(pk=_ONLY_ROW)
    return row.update(next_id=F("next_id") + count)


def _drawn() -> int:
    return secrets.randbelow(_OFFSETS) + 1
