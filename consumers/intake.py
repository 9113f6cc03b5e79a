"""The transaction of a batch: inbox, notifications, dead letters and results."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.common import clock, inserting
from apps.notifications import services
from apps.notifications.entries import Refusal
from apps.notifications.policy import Draft
from consumers import dead_letters, events, inbox, messages, notifications, outbox
from consumers.events import Ready
from consumers.messages import Incoming
from consumers.models import OutboxResult

_Verdict = Draft | Ready | Refusal


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
    verdicts = [verdict] * len(living) if verdict else _translated(living)
    with transaction.atomic():
        is_new = inbox.admit(batch, now=now)
        taken = Taken(without_id=sum(not each.given_id for each in living))
        _bury(batch, is_new, taken, now=now)
        marks = zip(batch, is_new, strict=True)
        news = [new for message, new in marks if not message.is_dead]
        accepted = _accepted(zip(living, verdicts, news, strict=True), taken, now=now)
        _queue_events(accepted, taken, now=now)
        # Last, as it locks the streams of all who are notified.
        _notify(accepted, taken, now=now)
        inserting.insert(taken.rows)
    return taken


def held_up(batch: Sequence[Incoming]) -> list[bool]:
    """Say of each message whether somebody else holds its recipient's stream now."""
    living = [message for message in batch if not message.is_dead]
    verdicts = iter(_translated(living))
    of_batch = [None if message.is_dead else next(verdicts) for message in batch]
    users = {each.recipient_id for each in of_batch if isinstance(each, Draft)}
    held = services.held_by_others(users)
    return [isinstance(each, Draft) and each.recipient_id in held for each in of_batch]


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


def _translated(living: Sequence[Incoming]) -> list[_Verdict]:
    """Translate each by its key, and keep their order."""
    messages_of_events = [each for each in living if each.key == messages.EVENTS]
    others = [each for each in living if each.key != messages.EVENTS]
    ready = iter(events.ready(messages_of_events))
    drafts = iter(notifications.drafts(others))
    return [
        next(ready) if each.key == messages.EVENTS else next(drafts) for each in living
    ]


def _accepted(
    verdicts: Iterable[tuple[Incoming, _Verdict, bool]],
    taken: Taken,
    *,
    now: datetime,
) -> list[tuple[Incoming, Draft | Ready]]:
    """Sort out what is repeated and what is wrong."""
    accepted: list[tuple[Incoming, Draft | Ready]] = []
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
    return accepted


def _queue_events(
    accepted: Sequence[tuple[Incoming, Draft | Ready]],
    taken: Taken,
    *,
    now: datetime,
) -> None:
    for message, each in accepted:
        if isinstance(each, Ready):
            row = each.queue()
            taken.created += row.total
            if message.wants_result:
                taken.rows.append(outbox.queued(message, row, now=now))


def _notify(
    accepted: Sequence[tuple[Incoming, Draft | Ready]],
    taken: Taken,
    *,
    now: datetime,
) -> None:
    drafts = [(message, each) for message, each in accepted if isinstance(each, Draft)]
    created = services.notify_many([draft for _, draft in drafts])
    taken.created += len(created)
    taken.rows += [
        outbox.created(message, row, now=now)
        for (message, _), row in zip(drafts, created, strict=True)
        if message.wants_result
    ]
