"""The transaction of a batch: inbox, notifications, dead letters and results."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.common import clock
from apps.notifications import services
from apps.notifications.entries import Refusal
from apps.notifications.policy import Draft
from consumers import dead_letters, inbox, notifications, outbox
from consumers.messages import Incoming
from consumers.models import OutboxResult


@dataclass
class Taken:
    """What a committed batch came to; `rows` are to be published now."""

    rows: list[OutboxResult] = field(default_factory=list)
    created: int = 0
    refused: int = 0
    repeated: int = 0
    without_id: int = 0


def take(batch: Sequence[Incoming], *, verdict: Refusal | None = None) -> Taken:
    """Take messages in one transaction; when it returns, all of them may be acked.

    verdict: refuses whatever the batch says, for a message that fails otherwise.
    """
    now = clock.now()
    living = [message for message in batch if not message.is_dead]
    drafts: list[Draft | Refusal] = (
        [verdict] * len(living) if verdict else notifications.drafts(living)
    )
    with transaction.atomic():
        is_new = inbox.admit(batch, now=now)
        taken = Taken(without_id=sum(not each.given_id for each in living))
        _bury(batch, is_new, taken, now=now)
        marks = zip(batch, is_new, strict=True)
        news = [new for message, new in marks if not message.is_dead]
        _notify(list(zip(living, drafts, news, strict=True)), taken, now=now)
        OutboxResult.objects.bulk_create(taken.rows)
    return taken


def _bury(
    batch: Sequence[Incoming],
    is_new: Sequence[bool],
    taken: Taken,
    *,
    now: datetime,
) -> None:
    dead = [
        message
        for message, new in zip(batch, is_new, strict=True)
        if message.is_dead and new
    ]
    if not dead:
        return
    dead_letters.store(dead, now=now)
    for message in dead:
        refusal = dead_letters.untold(message)
        if refusal:
            taken.rows.append(outbox.refused(message, refusal, now=now))


def _notify(
    verdicts: Sequence[tuple[Incoming, Draft | Refusal, bool]],
    taken: Taken,
    *,
    now: datetime,
) -> None:
    accepted: list[tuple[Incoming, Draft]] = []
    for message, verdict, is_new in verdicts:
        if not is_new:
            taken.repeated += 1
            # One that the broker delivers again has its result in the outbox.
            if message.wants_result and not message.is_redelivered:
                taken.rows.append(outbox.duplicate(message, now=now))
        elif isinstance(verdict, Refusal):
            taken.refused += 1
            taken.rows.append(outbox.dead(message, verdict, now=now))
            taken.rows.append(outbox.refused(message, verdict, now=now))
        else:
            accepted.append((message, verdict))
    created = services.notify_many([draft for _, draft in accepted])
    taken.created += len(created)
    taken.rows += [
        outbox.created(message, row, now=now)
        for (message, _), row in zip(accepted, created, strict=True)
        if message.wants_result
    ]
