"""What became of messages that were tried: written in batches, only by who holds them.

A sender that was asleep for longer than its lease finds its messages taken back; then
only the news that one was accepted counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.common import inserting
from apps.delivery import providers
from apps.delivery.gateway import Answer, Outcome
from apps.mailings import counting, policy, progress, selectors, services
from apps.mailings.claims import Claimed
from apps.mailings.counting import Moves
from apps.mailings.models import (
    Mailing,
    MailingStatus,
    Message,
    MessageAttempt,
    SendingStatus,
)
from apps.mailings.policy import PROVIDER, Plan

WITHHELD = "withheld"
LATE = "late "


@dataclass(frozen=True)
class Tried:
    """A message and what came of it; `withheld` when nothing left."""

    claimed: Claimed
    answer: Answer
    started_at: datetime
    finished_at: datetime

    @property
    def is_withheld(self) -> bool:
        """Say whether it was not tried at all."""
        return self.answer.code == WITHHELD


@dataclass(frozen=True)
class Next:
    """Where a message goes."""

    status: SendingStatus
    maybe_sent: bool
    at: datetime
    error: str


def settle(tried: Sequence[Tried], *, now: datetime) -> None:
    """Write what came of messages, and what it says of their mailings and gateway."""
    with transaction.atomic():
        held = _held(tried)
        ours = [each for each in tried if held.get(each.claimed.pk) is each]
        late = [each for each in tried if held.get(each.claimed.pk) is not each]
        moves = _with_late(_write(ours, _mailings(tried), now=now), late, now=now)
        suspects = _count(moves, now=now)
    _judge_gateway(tried, now=now)
    _pause(tried, suspects)


def _held(tried: Sequence[Tried]) -> dict[int, Tried]:
    """Lock the messages that are still under the token that they were taken with."""
    rows = Message.objects.select_for_update(no_key=True).filter(
        pk__in=[each.claimed.pk for each in tried],
        sending_status=SendingStatus.SENDING,
    )
    tokens = dict(rows.order_by("pk").values_list("pk", "token"))
    return {
        each.claimed.pk: each
        for each in tried
        if tokens.get(each.claimed.pk) == each.claimed.token
    }


def _mailings(tried: Iterable[Tried]) -> dict[int, Mailing]:
    return Mailing.objects.in_bulk({each.claimed.mailing_id for each in tried})


def _write(
    tried: Sequence[Tried],
    mailings: dict[int, Mailing],
    *,
    now: datetime,
) -> dict[int, Moves]:
    moves: dict[int, Moves] = defaultdict(Moves)
    nexts = {
        each.claimed.pk: _next(each, mailings[each.claimed.mailing_id], now=now)
        for each in tried
    }
    for each in tried:
        found, own = nexts[each.claimed.pk], moves[each.claimed.mailing_id]
        own.move(SendingStatus.SENDING, found.status)
        if found.status in {SendingStatus.SENT, SendingStatus.FAILED}:
            own.recent += "f" if found.status == SendingStatus.FAILED else "s"
    _write_messages(tried, nexts, now=now)
    _write_attempts([each for each in tried if not each.is_withheld])
    return moves


def _write_messages(
    tried: Sequence[Tried], nexts: dict[int, Next], *, now: datetime
) -> None:
    """Write the messages: those that were sent alike in one UPDATE, the rest apart."""
    sent = [pk for pk, each in nexts.items() if each.status == SendingStatus.SENT]
    Message.objects.filter(pk__in=sent).update(
        sending_status=SendingStatus.SENT,
        time_sent=now,
        attempts=F("attempts") + 1,
        token=None,
        lease_until=None,
        last_error="",
    )
    others = []
    for each in tried:
        found = nexts[each.claimed.pk]
        if found.status != SendingStatus.SENT:
            others.append(
                Message(
                    pk=each.claimed.pk,
                    sending_status=found.status,
                    maybe_sent=found.maybe_sent,
                    next_attempt_at=found.at,
                    last_error=found.error,
                    attempts=each.claimed.attempts + (not each.is_withheld),
                )
            )
    names = ["sending_status", "maybe_sent", "next_attempt_at", "last_error"]
    names += ["attempts", "token", "lease_until"]
    Message.objects.bulk_update(others, names)


def _write_attempts(tried: Sequence[Tried]) -> None:
    inserting.insert(
        [
            MessageAttempt(
                message_id=each.claimed.pk,
                number=each.claimed.attempts + 1,
                started_at=each.started_at,
                finished_at=each.finished_at,
                outcome=each.answer.outcome.value,
                http_status=each.answer.http_status,
                code=each.answer.code[:100],
                answer=each.answer.excerpt,
            )
            for each in tried
        ],
        told_apart_by=(),
    )


def _next(each: Tried, mailing: Mailing, *, now: datetime) -> Next:
    answer, claimed = each.answer, each.claimed
    maybe_sent = claimed.maybe_sent or may_have_arrived(answer)
    error = "" if each.is_withheld else answer.code[:100]
    if answer.outcome == Outcome.SENT:
        return Next(SendingStatus.SENT, maybe_sent, now, "")
    if answer.outcome in {Outcome.REJECTED, Outcome.PERMANENT}:
        # An earlier try may have arrived: that is not hidden behind a later refusal.
        status = SendingStatus.UNKNOWN if maybe_sent else SendingStatus.FAILED
        return Next(status, maybe_sent, now, error)
    if answer.outcome == Outcome.UNKNOWN and not settings.SMS_GATEWAY_IDEMPOTENT:
        return Next(SendingStatus.UNKNOWN, maybe_sent, now, error)
    is_cancelled = mailing.status == MailingStatus.CANCELLED
    if is_cancelled or claimed.client_is_gone:
        return Next(policy.withdrawn(maybe_sent=maybe_sent), maybe_sent, now, error)
    at = _again_at(each, selectors.plan(mailing), now=now)
    if at is None:
        why = error or policy.reason_unsent(mailing.date_end, now)
        return Next(policy.unsent(maybe_sent=maybe_sent), maybe_sent, now, why)
    is_new = each.is_withheld and not claimed.attempts
    status = SendingStatus.PLANNED if is_new else SendingStatus.RETRY
    return Next(status, maybe_sent, at, error)


def may_have_arrived(answer: Answer) -> bool:
    """Say whether a try may have reached the phone although nobody said so.

    A gateway that fails with a 5xx other than 503 may have accepted it before.
    """
    status = answer.http_status or 0
    is_odd = status >= 500 and status != 503
    return answer.outcome == Outcome.UNKNOWN or is_odd


def _again_at(each: Tried, plan: Plan, *, now: datetime) -> datetime | None:
    wait = timedelta()
    if not each.is_withheld:
        wait = policy.delay(
            each.claimed.attempts + 1,
            first=settings.MAILING_RETRY,
            retry_after=each.answer.retry_after,
        )
    return plan.opening(now + wait, ZoneInfo(each.claimed.timezone))


def _with_late(
    moves: dict[int, Moves], late: Sequence[Tried], *, now: datetime
) -> dict[int, Moves]:
    """Count what was accepted although its sender had lost it."""
    accepted = [each for each in late if each.answer.outcome == Outcome.SENT]
    rows = Message.objects.select_for_update(no_key=True).filter(
        pk__in=[each.claimed.pk for each in accepted],
        sending_status__in=[
            SendingStatus.RETRY,
            SendingStatus.UNKNOWN,
            SendingStatus.SENDING,
        ],
    )
    answers = {each.claimed.pk: each for each in accepted}
    for row in rows.order_by("pk"):
        _note_late(answers[row.pk])
        moves[row.mailing_id].move(row.sending_status, SendingStatus.SENT)
        row.sending_status, row.last_error = SendingStatus.SENT, ""
        row.time_sent, row.token, row.lease_until = now, None, None
        row.save(
            update_fields=[
                "sending_status",
                "last_error",
                "time_sent",
                "token",
                "lease_until",
            ]
        )
    return moves


def _note_late(each: Tried) -> None:
    """Say of the try that was given up what became of it."""
    MessageAttempt.objects.filter(
        message=each.claimed.pk, number=each.claimed.attempts + 1, code=policy.LOST
    ).update(
        outcome=each.answer.outcome.value,
        code=f"{LATE}{each.answer.code}"[:100],
        http_status=each.answer.http_status,
        answer=each.answer.excerpt,
    )


def _count(moves: dict[int, Moves], *, now: datetime) -> list[int]:
    """Count, tell who watches, and name the mailings that fail too often."""
    suspects = []
    for mailing_id in sorted(moves):
        counter = counting.apply(mailing_id, moves[mailing_id], now=now)
        progress.tell_watchers(counter, now=now)
        if policy.fails_too_often(counter.recent):
            suspects.append(mailing_id)
    return suspects


def _judge_gateway(tried: Sequence[Tried], *, now: datetime) -> None:
    answers = [each.answer for each in tried if not each.is_withheld]
    refused = sum(each.code == "connect" for each in answers)
    failed = sum(map(_speaks_against, answers))
    ours = [each for each in answers if each.outcome == Outcome.CONFIGURATION]
    ok = len(answers) - refused - failed - len(ours)
    providers.record(PROVIDER, ok=ok, failed=failed, refused=refused, now=now)
    if ours:
        providers.misconfigured(PROVIDER, _said(ours[0]), now=now)


def _speaks_against(answer: Answer) -> bool:
    if answer.code == "connect":
        return False
    is_fault = (answer.http_status or 0) >= 500
    return is_fault or answer.outcome == Outcome.UNKNOWN


def _said(answer: Answer) -> str:
    return f"The SMS gateway answers {answer.code}: {answer.excerpt}"[:300]


def _pause(tried: Sequence[Tried], suspects: Sequence[int]) -> None:
    ours = {
        each.claimed.mailing_id: _said(each.answer)
        for each in tried
        if each.answer.outcome == Outcome.CONFIGURATION
    }
    for mailing_id in suspects:
        share = round(policy.RECENT_FAILED_SHARE * 100)
        ours.setdefault(
            mailing_id,
            f"More than {share} % of the last messages failed",
        )
    for mailing_id, reason in sorted(ours.items()):
        services.pause_by_itself(mailing_id, reason)
