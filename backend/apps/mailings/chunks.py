"""What a mailing's state means for its messages, carried out a thousand at a time.

Each function does one chunk in one transaction and says whether there may be more;
a worker that dies leaves nothing half done, two at once do nothing twice.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from apps.common import clock
from apps.delivery import message_ids, providers
from apps.delivery.gateway import Outcome
from apps.mailings import claims, counting, policy, progress, selectors
from apps.mailings.counting import Moves
from apps.mailings.models import (
    DUE,
    Mailing,
    MailingStatus,
    Message,
    MessageAttempt,
    SendingStatus,
)
from apps.mailings.policy import Plan

CHUNK = 1000
ALIVE = (MailingStatus.RUNNING, MailingStatus.PAUSED)


class Step(Protocol):
    """One chunk of work; says whether there may be more."""

    def __call__(self, mailing_id: int, *, now: datetime) -> bool:
        """Do it."""


# A client as a message remembers it: id, number, zone.
Recipient = tuple[int, str, str]


def materialize_some(mailing_id: int, *, now: datetime) -> bool:
    """Write the messages of the next thousand clients; False when all are written."""
    with transaction.atomic():
        mailing = _free(mailing_id)
        if mailing is None or not _is_to_write(mailing, now=now):
            return False
        matching = selectors.audience(mailing.tag, mailing.mobile_operator_code)
        fields = ("pk", "phone_number", "timezone")
        later = matching.filter(pk__gt=mailing.cursor).order_by("pk")
        recipients: list[Recipient] = list(later.values_list(*fields)[:CHUNK])
        if recipients:
            mailing.cursor = recipients[-1][0]
            _write(mailing, recipients, now=now)
        if len(recipients) < CHUNK:
            mailing.materialized_at = now
        mailing.save(update_fields=["cursor", "materialized_at"])
    return len(recipients) == CHUNK


def _is_to_write(mailing: Mailing, *, now: datetime) -> bool:
    if mailing.materialized_at is not None or mailing.started_at is None:
        return False
    # One that is paused to its end says what it did not send as well.
    is_over = mailing.status == MailingStatus.PAUSED and mailing.date_end <= now
    return mailing.status == MailingStatus.RUNNING or is_over


def _write(mailing: Mailing, recipients: Sequence[Recipient], *, now: datetime) -> None:
    opening = _openings(selectors.plan(mailing), now)
    ids = message_ids.allocate(len(recipients))
    rows = [
        _message(mailing, recipient, opens_at=opening(recipient[2]), now=now)
        for recipient in recipients
    ]
    for row, message_id in zip(rows, ids, strict=True):
        row.message_id = message_id
    Message.objects.bulk_create(rows)
    moves = Moves(added=len(rows))
    for row in rows:
        moves.move(SendingStatus.PLANNED, row.sending_status)
    _count(mailing.pk, moves, now=now)


def _message(
    mailing: Mailing,
    recipient: Recipient,
    *,
    opens_at: datetime | None,
    now: datetime,
) -> Message:
    client_id, phone_number, zone = recipient
    is_expired = opens_at is None
    return Message(
        mailing=mailing,
        client_id=client_id,
        time_create=now,
        phone_number=phone_number,
        text=mailing.text,
        timezone=zone,
        sending_status=SendingStatus.EXPIRED if is_expired else SendingStatus.PLANNED,
        next_attempt_at=opens_at or now,
        last_error=policy.reason_unsent(mailing.date_end, now) if is_expired else "",
    )


def replan_some(mailing_id: int, *, now: datetime) -> bool:
    """Plan the next thousand unsent messages anew; False when all are."""
    with transaction.atomic():
        mailing = _free(mailing_id)
        if mailing is None or mailing.replan_cursor is None:
            return False
        unsent = Q(sending_status__in=DUE) | Q(
            sending_status=SendingStatus.EXPIRED, maybe_sent=False
        )
        found = _taken(
            Message.objects.filter(
                unsent, mailing=mailing, pk__gt=mailing.replan_cursor
            )
        )
        _replan(mailing, found, now=now)
        mailing.replan_cursor = found[-1].pk if len(found) == CHUNK else None
        mailing.save(update_fields=["replan_cursor"])
    return mailing.replan_cursor is not None


def _replan(mailing: Mailing, found: Sequence[Message], *, now: datetime) -> None:
    opening = _openings(selectors.plan(mailing), now)
    moves = Moves()
    for row in found:
        old, opens_at = row.sending_status, opening(row.timezone)
        if opens_at is None:
            row.sending_status = policy.unsent(maybe_sent=row.maybe_sent)
            row.last_error = policy.reason_unsent(mailing.date_end, now)
        elif old == SendingStatus.EXPIRED:
            row.sending_status, row.last_error = SendingStatus.PLANNED, ""
        if opens_at is not None:
            row.next_attempt_at = opens_at
        moves.move(old, row.sending_status)
    Message.objects.bulk_update(
        found, ["sending_status", "next_attempt_at", "last_error"], batch_size=200
    )
    _count(mailing.pk, moves, now=now)


def expire_some(mailing_id: int, *, now: datetime) -> bool:
    """End a thousand messages whose mailing is over; False when none is left."""
    with transaction.atomic():
        mailing = _free(mailing_id)
        over = now + policy.END_GUARD
        if mailing is None or mailing.status not in ALIVE or mailing.date_end > over:
            return False
        is_away = bool(providers.closed_until([policy.PROVIDER]))
        error = policy.AWAY if is_away else policy.END
        return _end_some(mailing, policy.unsent, error=error, now=now)


def withdraw_some(mailing_id: int, *, now: datetime) -> bool:
    """Cancel a thousand messages of a cancelled mailing; False when none is left."""
    with transaction.atomic():
        mailing = _free(mailing_id)
        if mailing is None or mailing.status != MailingStatus.CANCELLED:
            return False
        return _end_some(mailing, policy.withdrawn, error="", now=now)


def _end_some(
    mailing: Mailing,
    rule: Callable[..., SendingStatus],
    *,
    error: str,
    now: datetime,
) -> bool:
    found = _taken(Message.objects.filter(mailing=mailing, sending_status__in=DUE))
    moves = Moves()
    for maybe_sent in (False, True):
        ids = [row.pk for row in found if row.maybe_sent is maybe_sent]
        status = rule(maybe_sent=maybe_sent)
        changes = {"last_error": error} if error and not maybe_sent else {}
        Message.objects.filter(pk__in=ids).update(sending_status=status, **changes)
        moves.move(SendingStatus.PLANNED, status, len(ids))
    _count(mailing.pk, moves, now=now)
    return len(found) == CHUNK


def reap_some(*, now: datetime) -> bool:
    """Take back messages whose sender is gone; False when none is left.

    They may have reached the phone: nobody knows what the sender did last. A lease
    further ahead than any can be is from before the clock was put back.
    """
    farthest = now + claims.lease() + clock.TOLERATED
    is_over = Q(lease_until__lt=now) | Q(lease_until__gt=farthest)
    stuck = Message.objects.filter(is_over, sending_status=SendingStatus.SENDING)
    if not stuck.exists():
        return False
    with transaction.atomic():
        found = _taken(stuck, order="lease_until")
        for mailing_id in sorted({row.mailing_id for row in found}):
            rows = [row for row in found if row.mailing_id == mailing_id]
            _take_back(Mailing.objects.get(pk=mailing_id), rows, now=now)
    return len(found) == CHUNK


def _take_back(mailing: Mailing, rows: Sequence[Message], *, now: datetime) -> None:
    is_over = mailing.date_end - policy.END_GUARD <= now
    may_go = mailing.status in ALIVE and not is_over
    again = may_go and settings.SMS_GATEWAY_IDEMPOTENT
    status = SendingStatus.RETRY if again else SendingStatus.UNKNOWN
    MessageAttempt.objects.bulk_create(
        [
            MessageAttempt(
                message=row,
                number=row.attempts + 1,
                started_at=row.lease_until or now,
                finished_at=now,
                outcome=Outcome.UNKNOWN.value,
                code=policy.LOST,
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(
        sending_status=status,
        maybe_sent=True,
        attempts=F("attempts") + 1,
        next_attempt_at=now,
        token=None,
        lease_until=None,
        last_error=policy.LOST,
    )
    moves = Moves()
    moves.move(SendingStatus.SENDING, status, len(rows))
    _count(mailing.pk, moves, now=now)


def _free(mailing_id: int) -> Mailing | None:
    rows = Mailing.objects.select_for_update(skip_locked=True, no_key=True)
    return rows.filter(pk=mailing_id).first()


def _taken(rows: QuerySet[Message], *, order: str = "pk") -> list[Message]:
    ours = rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(ours.order_by(order)[:CHUNK])


def _count(mailing_id: int, moves: Moves, *, now: datetime) -> None:
    counter = counting.apply(mailing_id, moves, now=now)
    progress.tell_watchers(counter, now=now)


def _openings(plan: Plan, now: datetime) -> Callable[[str], datetime | None]:
    """Look once for each zone: there are few, and a search is not free."""

    @cache
    def opening(zone: str) -> datetime | None:
        return plan.opening(now, ZoneInfo(zone))

    return opening


def unfinished() -> list[Mailing]:
    """List the mailings that workers look after, with their counters."""
    rows = Mailing.objects.filter(
        Q(status__in=[MailingStatus.SCHEDULED, *ALIVE])
        | Q(status=MailingStatus.CANCELLED, ended_at=None)
    )
    return list(rows.select_related("counter").order_by("id"))


def steps(mailing: Mailing, *, now: datetime) -> list[Step]:
    """Name what there is to do for a mailing, before its row is locked for it."""
    found: list[Step] = []
    if _is_to_write(mailing, now=now):
        found.append(materialize_some)
    if mailing.replan_cursor is not None:
        found.append(replan_some)
    if mailing.status in ALIVE and mailing.date_end <= now + policy.END_GUARD:
        found.append(expire_some)
    if mailing.status == MailingStatus.CANCELLED:
        found.append(withdraw_some)
    return found
