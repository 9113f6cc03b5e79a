"""Which messages of a batch are new: once per publisher and message id."""

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.common import inserting
from consumers.messages import Incoming
from consumers.models import InboxMessage

# A broker delivers again within seconds; two equal messages of one publisher that are
# redelivered within this time cannot be told apart.
UNNAMED_MEMORY = timedelta(minutes=10)
PRUNED_AT_ONCE = 5000

_Name = tuple[str, str]


def admit(messages: Sequence[Incoming], *, now: datetime) -> list[bool]:
    """Say of each message whether it is taken for the first time, and note it.

    Call it first in the transaction: another consumer with the same message waits
    here until this one has committed.
    """
    batch = uuid.uuid4()
    seen = _seen_unnamed(messages, now=now)
    rows: dict[_Name, InboxMessage] = {}
    names: list[_Name | None] = []
    for message in messages:
        row = _row(message, batch=batch, now=now)
        if row.body_hash and message.is_redelivered and seen[row.body_hash] > 0:
            seen[row.body_hash] -= 1
            names.append(None)
            continue
        name = (row.source, row.message_id)
        names.append(None if name in rows else name)
        rows.setdefault(name, row)
    # In one order everywhere: two consumers would otherwise lock each other out.
    ordered = [rows[name] for name in sorted(rows)]
    inserting.insert(ordered, ignore_conflicts=True)
    ours = InboxMessage.objects.filter(
        batch=batch,
        message_id__in=[row.message_id for row in ordered],
    )
    written = set(ours.values_list("source", "message_id"))
    return [name in written for name in names]


def prune(*, before: datetime) -> int:
    """Forget messages received before this time, a bounded number at once."""
    old = InboxMessage.objects.filter(received_at__lt=before)
    keys = old.order_by("received_at").values_list("pk", flat=True)[:PRUNED_AT_ONCE]
    return InboxMessage.objects.filter(pk__in=list(keys)).delete()[0]


def _row(message: Incoming, *, batch: uuid.UUID, now: datetime) -> InboxMessage:
    given = message.given_id
    return InboxMessage(
        source=_source(message),
        message_id=given or uuid.uuid4().hex,
        body_hash="" if given else message.body_hash,
        batch=batch,
        received_at=now,
    )


def _source(message: Incoming) -> str:
    # A dead letter keeps its message id and must not count as the living message.
    return f"dead:{message.source}" if message.is_dead else message.source


def _seen_unnamed(messages: Sequence[Incoming], *, now: datetime) -> Counter[str]:
    hashes = {
        message.body_hash
        for message in messages
        if message.is_redelivered and not message.given_id
    }
    if not hashes:
        return Counter()
    rows = InboxMessage.objects.filter(
        body_hash__in=hashes,
        received_at__gt=now - UNNAMED_MEMORY,
    )
    return Counter(rows.values_list("body_hash", flat=True))
