"""The epoch of this deployment's streams: another one means the store was restored."""

import secrets

from django.db import transaction

from apps.delivery import message_ids
from apps.notifications.models import StreamEpoch

_ONLY_ROW = 1


def current() -> str:
    """Return the epoch; the first reader of a new store draws it."""
    epoch = _read()
    if epoch is None:
        StreamEpoch.objects.bulk_create(
            [StreamEpoch(pk=_ONLY_ROW, epoch=_drawn())],
            ignore_conflicts=True,
        )
        epoch = _read()
    if epoch is None:
        message = "The epoch's row vanished while it was read."
        raise RuntimeError(message)
    return epoch


def bump(*, seen: str | None = None) -> str:
    """Draw a new epoch and return the one that holds now.

    The ids of messages to gateways go on elsewhere as well: the restored store does not
    know which of the next ones were used.

    seen: change nothing if another process has drawn a new one since this was read.
    """
    held = current()
    if seen is None or held == seen:
        with transaction.atomic():
            row = StreamEpoch.objects.filter(pk=_ONLY_ROW, epoch=held)
            if row.update(epoch=_drawn()):
                message_ids.draw_again()
    return current()


def _read() -> str | None:
    return (
        StreamEpoch.objects.filter(pk=_ONLY_ROW).values_list("epoch", flat=True).first()
    )


def _drawn() -> str:
    return f"e_{secrets.token_hex(4)}"
