"""Claiming: from due deliveries to attempts that are about to be made."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from apps.delivery import channels, providers
from apps.delivery.base import DeliveryError, Parcel, Receipt
from apps.notifications import figures, ladder_rows
from apps.notifications.known import Known, save_attempts, save_deliveries
from apps.notifications.ladder import RETRY, Skip, Step, Try, Wait
from apps.notifications.models import (
    AttemptStatus,
    Delivery,
    DeliveryMode,
    DeliveryStatus,
    DeliveryUntil,
    NotificationAttempt,
)

logger = logging.getLogger(__name__)

NO_ADDRESS = "The recipient has no address for this channel."
DIED = "The worker ended while this was on its way."
# A repetition that dies as well is not made a third time.
REPEATS_AT_MOST = 1
# No attempt begins in the last part of its lease: it must end within it.
MARGIN = 0.25
_A_MOMENT = timedelta(seconds=1)
_ERROR_LENGTH, _RESPONSE_LENGTH = 512, 1024


@dataclass(frozen=True, kw_only=True)
class Job:
    """An attempt that this process may make now, and nobody else until the lease.

    ends_it: a success is the end of the ladder, and nothing is counted of it.
    """

    delivery_id: int
    attempt_id: int
    channel: str
    token: UUID
    user_id: int | None
    parcel: Parcel
    ends_it: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of an attempt."""

    job: Job
    receipt: Receipt | None = None
    error: DeliveryError | None = None

    def write(self, attempt: NotificationAttempt, *, now: datetime) -> None:
        """Close the attempt's row."""
        if self.receipt is not None:
            attempt.error = ""
            attempt.provider_response = printable_response(
                self.receipt.provider_response
            )
            ladder_rows.end(attempt, AttemptStatus.SENT, now=now)
        elif self.error is not None:
            _write_error(attempt, self.error, now=now)


@dataclass
class Claim:
    """One batch under way from due rows to jobs."""

    known: Known
    now: datetime
    lease: timedelta
    token: UUID = field(default_factory=uuid4)
    _attempts: list[NotificationAttempt] = field(default_factory=list)
    _tries: list[tuple[Delivery, NotificationAttempt, Parcel]] = field(
        default_factory=list
    )

    def take(self, row: Delivery, *, lane: str | None) -> None:
        """Advance a due row to its next attempt, or to whatever else comes next.

        lane: the channel that has room; a row that is due on another is left to that.
        """
        self._end_what_died(row)
        while row.status == DeliveryStatus.PENDING:
            step = self.known.step(row)
            if isinstance(step, Skip):
                self._attempts.append(self.known.skip(row, step, now=self.now))
            elif not isinstance(step, Try) or step.channel != (lane or step.channel):
                ladder_rows.place(row, _at_once(step, self.now), now=self.now)
                return
            elif self._is_admitted(step.channel) and self._try(row, step):
                return

    def jobs(self) -> list[Job]:
        """Write everything, and return the attempts to make."""
        save_attempts(self._attempts)
        save_deliveries(self.known.rows.values())
        self.known.figures.write()
        deadline = time.monotonic() + self.lease.total_seconds() * (1 - MARGIN)
        return [
            Job(
                delivery_id=row.pk,
                attempt_id=attempt.pk,
                channel=attempt.channel,
                token=self.token,
                user_id=self.known.notifications[row.pk].recipient_id,
                parcel=_within(parcel, deadline),
                ends_it=self._would_end(row),
            )
            for row, attempt, parcel in self._tries
        ]

    def _would_end(self, row: Delivery) -> bool:
        is_enough = row.mode == DeliveryMode.FIRST and row.until == DeliveryUntil.SENT
        source = self.known.notifications[row.pk].source
        return is_enough and not figures.is_counted(source)

    def _is_admitted(self, channel: str) -> bool:
        """Ask the provider's breaker; of many callers one gets the probe."""
        if channel not in self.known.closed:
            return True
        if providers.may_send(channel, now=self.now):
            # One probe: whoever comes after it waits for what it tells.
            self.known.closed[channel] = self.now + timedelta(
                seconds=providers.PROBE_SECONDS
            )
            return True
        again = providers.closed_until([channel]).get(channel)
        self.known.closed[channel] = max(again or self.now, self.now) + _A_MOMENT
        return False

    def _try(self, row: Delivery, step: Try) -> bool:
        """Prepare an attempt; without an address it has failed at once."""
        attempt = self._attempt_row(row, step)
        self._attempts.append(attempt)
        address = self._address(row, step.channel)
        reason = channels.get(step.channel).off_reason() or (
            "" if address else NO_ADDRESS
        )
        if reason:
            attempt.error = reason
            attempt.is_permanent = True
            ladder_rows.end(attempt, AttemptStatus.FAILED, now=self.now)
            return False
        row.token = self.token
        row.next_channel = step.channel
        row.next_at = self.now + self.lease
        row.held, row.hold_reason = False, ""
        self._tries.append((row, attempt, self._parcel(row, step.channel, address)))
        return True

    def _attempt_row(self, row: Delivery, step: Try) -> NotificationAttempt:
        own = self.known.attempts.setdefault(row.pk, [])
        for each in own:
            place = (each.round, each.channel, each.number)
            if place == (row.round, step.channel, step.number):
                # Deferred before: the same attempt is made again.
                each.status = AttemptStatus.RUNNING
                each.started_at = self.now
                each.finished_at = each.retry_at = None
                return each
        attempt = NotificationAttempt(
            delivery=row,
            round=row.round,
            channel=step.channel,
            number=step.number,
            status=AttemptStatus.RUNNING,
            started_at=self.now,
        )
        own.append(attempt)
        return attempt

    def _end_what_died(self, row: Delivery) -> None:
        """Judge the attempt of a worker whose lease has run out."""
        for attempt in self.known.attempts.get(row.pk, ()):
            if attempt.status != AttemptStatus.RUNNING or attempt.round != row.round:
                continue
            choice = ladder_rows.unknown_choices()[attempt.channel]
            may_repeat = choice == RETRY and attempt.repeats < REPEATS_AT_MOST
            attempt.error = DIED
            attempt.repeats += 1
            status = AttemptStatus.DEFERRED if may_repeat else AttemptStatus.UNKNOWN
            ladder_rows.end(attempt, status, now=self.now)
            # The lease was wait enough.
            attempt.retry_at = None
            self._attempts.append(attempt)

    def _address(self, row: Delivery, channel: str) -> str:
        given = row.addresses.get(channel)
        if given:
            return str(given)
        user = self.known.notifications[row.pk].recipient
        address = channels.get(channel).address_of(user) if user else ""
        return address if channels.get(channel).is_address(address) else ""

    def _parcel(self, row: Delivery, channel: str, address: str) -> Parcel:
        notification = self.known.notifications[row.pk]
        return Parcel(
            address=address,
            content=ladder_rows.content_for(row, notification, channel),
            message_id=row.message_id or 0,
            key=str(notification.key),
            round=row.round,
            kind=notification.kind,
            severity=notification.severity,
            created_at=notification.created_at.isoformat(),
        )


def made(job: Job) -> Result:
    """Make an attempt; touches no database."""
    try:
        if not job.parcel.may_send():
            message = "The lease ran out before it began."
            return Result(job=job, error=DeliveryError(message, withheld=True))
        return Result(job=job, receipt=channels.get(job.channel).send(job.parcel))
    except DeliveryError as error:
        return Result(job=job, error=error)
    except Exception as error:
        # A channel's own mistake must not end the loop that serves the others.
        logger.exception("a channel failed", extra={"channel": job.channel})
        message = f"The channel failed: {type(error).__name__}."
        return Result(job=job, error=DeliveryError(message, unknown=True))


def told(results: Sequence[Result]) -> "dict[str, Tally]":
    """Count what results say about each provider."""
    tallies: dict[str, Tally] = {}
    for result in results:
        tally = tallies.setdefault(result.job.channel, Tally())
        error = result.error
        if error is not None and error.configuration:
            tally.fault = error.reason
        elif error is not None and error.not_sent:
            tally.refused += 1
        elif error is not None and error.speaks_against_provider:
            tally.failed += 1
        elif error is None or error.permanent:
            # It answered, and properly.
            tally.ok += 1
    return tallies


@dataclass
class Tally:
    """What a batch says about a provider."""

    ok: int = 0
    failed: int = 0
    refused: int = 0
    fault: str = ""


def _at_once(step: Step, now: datetime) -> Step:
    return Wait(now, step.channel, step.number) if isinstance(step, Try) else step


def _write_error(
    attempt: NotificationAttempt, error: DeliveryError, *, now: datetime
) -> None:
    attempt.error = _printable(error.reason, _ERROR_LENGTH)
    attempt.provider_response = _printable(error.provider_response, _RESPONSE_LENGTH)
    attempt.is_permanent = error.permanent
    if error.configuration or error.withheld:
        status = AttemptStatus.DEFERRED
    else:
        status = AttemptStatus.UNKNOWN if error.unknown else AttemptStatus.FAILED
    ladder_rows.end(attempt, status, now=now)
    if error.retry_after is not None:
        ladder_rows.ask_for_patience(attempt, now=now, retry_after=error.retry_after)


def _within(parcel: Parcel, deadline: float) -> Parcel:
    return replace(parcel, may_send=lambda: time.monotonic() < deadline)


def printable_response(text: str) -> str:
    """Return what a provider said as its column keeps it."""
    return _printable(text, _RESPONSE_LENGTH)


def _printable(text: str, length: int) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:length]
