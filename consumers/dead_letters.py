"""Dead letters: the queue is drained into a table, and the table is the truth."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from apps.common import clock, inserting
from apps.common.ids import uuid7
from apps.notifications.entries import Refusal
from consumers import messages, outbox
from consumers.messages import Incoming, storable
from consumers.models import DeadLetter

AT_ONCE = 500


def store(dead: Sequence[Incoming], *, now: datetime) -> None:
    """Write dead messages down; one that was sent again and died again is one row."""
    letters: dict[UUID, DeadLetter] = {}
    for message in dead:
        letter = _letter(message, now=now)
        letters[letter.key] = letter
    known = DeadLetter.objects.filter(key__in=sorted(letters)).order_by("key")
    for row in known.select_for_update():
        again = letters.pop(row.key)
        row.reason, row.detail, row.last_seen_at = again.reason, again.detail, now
        row.times, row.sent_again_at = row.times + 1, None
        row.save(
            update_fields=["reason", "detail", "last_seen_at", "times", "sent_again_at"]
        )
    DeadLetter.objects.bulk_create(letters.values())


def untold(message: Incoming) -> Refusal | None:
    """Say why the broker let a message die, which its publisher has not heard.

    None for a message that we refused: its error result is on its way already.
    """
    if storable(message.headers.get(messages.REASON)):
        return None
    reason = storable(message.headers.get("x-first-death-reason"))
    texts = {
        "expired": "It waited longer in the queue than it may.",
        "delivery_limit": "It was delivered too often without being taken.",
    }
    code = reason[:64] or "unknown"
    return Refusal(code, {"message": [texts.get(code, "RabbitMQ let it die.")]})


def send_again(letters: QuerySet[DeadLetter]) -> list[int]:
    """Offer dead letters to the queue once more; return the ids of those that go.

    One whose body was not kept whole, or that is on its way, is left alone.
    """
    keys = list(letters.filter(sent_again_at=None).values_list("pk", flat=True))
    sent: list[int] = []
    for start in range(0, len(keys), AT_ONCE):
        sent += _send_again(keys[start : start + AT_ONCE])
    return sent


def discard(letters: QuerySet[DeadLetter]) -> int:
    """Delete dead letters; say how many."""
    keys = list(letters.values_list("pk", flat=True))
    return sum(
        DeadLetter.objects.filter(pk__in=keys[start : start + AT_ONCE]).delete()[0]
        for start in range(0, len(keys), AT_ONCE)
    )


def prune(*, before: datetime) -> int:
    """Forget dead letters that were sent again, or last died, before this time."""
    old = DeadLetter.objects.filter(last_seen_at__lt=before)
    keys = list(old.values_list("pk", flat=True)[:AT_ONCE])
    return DeadLetter.objects.filter(pk__in=keys).delete()[0]


def _send_again(keys: Sequence[int]) -> list[int]:
    now = clock.now()
    with transaction.atomic():
        rows = DeadLetter.objects.filter(pk__in=keys, sent_again_at=None)
        whole = [row for row in rows.select_for_update() if row.is_whole]
        inserting.insert([outbox.again(row, now=now) for row in whole])
        sent = [row.pk for row in whole]
        DeadLetter.objects.filter(pk__in=sent).update(sent_again_at=now)
    return sent


def _letter(message: Incoming, *, now: datetime) -> DeadLetter:
    headers = message.headers
    untold_reason = untold(message)
    reason, detail = (
        (untold_reason.code, untold_reason.detail)
        if untold_reason
        else (headers[messages.REASON], _text(headers, messages.DETAIL))
    )
    size = headers.get(messages.BODY_SIZE)
    return DeadLetter(
        key=_key(headers.get(messages.DEAD_LETTER)),
        routing_key=messages.original_key(headers),
        reason=reason[:64],
        detail=detail,
        first_seen_at=_first_seen(headers, now=now),
        last_seen_at=now,
        body=message.body,
        body_size=size if type(size) is int and size >= 0 else message.body_size,
        message_id=_text(headers, messages.ORIGINAL_ID)[:255] or message.given_id,
        correlation_id=storable(message.correlation_id),
        content_type=storable(message.content_type),
        source=_text(headers, messages.ORIGINAL_SOURCE)[:600] or message.source,
    )


def _text(headers: Any, name: str) -> str:
    return storable(headers.get(name))


def _key(value: object) -> UUID:
    try:
        return UUID(storable(value))
    except ValueError:
        return uuid7()


def _first_seen(headers: Any, *, now: datetime) -> datetime:
    try:
        said = parse_datetime(_text(headers, messages.FIRST_SEEN))
    except ValueError:
        said = None
    # Headers can be anybody's; ours are recent.
    is_ours = said is not None and said.tzinfo is not None
    return said if said and is_ours and now - timedelta(days=90) < said < now else now
