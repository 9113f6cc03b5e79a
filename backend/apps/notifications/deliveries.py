"""What leaves the page: planned with the notification, claimed, settled, sent again.

A delivery is claimed by its lease (`next_at`) under a row lock. The attempt's row is
written in the claim, before anything leaves, so that a worker that dies is known to
have been at it.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from apps.accounts import contacts
from apps.common import clock
from apps.delivery import channels, message_ids, providers
from apps.notifications import ladder_rows, waking
from apps.notifications.claims import (
    Claim,
    Job,
    Result,
    made,
    printable_response,
    told,
)
from apps.notifications.known import Known, save_attempts, save_deliveries
from apps.notifications.ladder import Finish, next_step
from apps.notifications.models import (
    AttemptStatus,
    Delivery,
    DeliveryStatus,
    Notification,
    NotificationAttempt,
)
from apps.notifications.policy import Draft

logger = logging.getLogger(__name__)

TASK = "notifications.deliver"


class NotPossibleError(Exception):
    """The delivery is in a state that does not allow this."""


def plan(
    drafts: Sequence[tuple[Draft, Notification]], *, now: datetime
) -> list[Delivery]:
    """Write the ladders of new notifications, in the caller's transaction."""
    ids = message_ids.allocate(len(drafts))
    rows = [
        ladder_rows.new_delivery(draft, notification, message_id=number, now=now)
        for (draft, notification), number in zip(drafts, ids, strict=True)
    ]
    known = {
        "closed": providers.closed_until(channels.names()),
        "on_unknown": ladder_rows.unknown_choices(),
    }
    for row, (_, notification) in zip(rows, drafts, strict=True):
        at = ladder_rows.circumstances_of(notification, now=now, **known)
        step = next_step(ladder_rows.plan_of(row), ladder_rows.attempts_of(row, ()), at)
        ladder_rows.place(row, step, now=now)
    Delivery.objects.bulk_create(rows)
    if any(row.next_at is not None and row.next_at <= now for row in rows):
        transaction.on_commit(partial(waking.wake, TASK), robust=True)
    return rows


def lease() -> timedelta:
    """Say how long an attempt belongs to who claimed it."""
    return timedelta(seconds=settings.DELIVERY_LEASE_SECONDS)


def claim(channel: str, count: int, *, now: datetime) -> list[Job] | None:
    """Claim up to `count` due deliveries of a channel; None when none was due.

    What is due needs not come to an attempt: it may be read meanwhile, or unwanted.
    """
    with transaction.atomic():
        due = Delivery.objects.filter(next_channel=channel, next_at__lte=now)
        rows = _locked_by_time(due, count)
        return _claimed(rows, lane=channel, now=now) if rows else None


def claim_one(notification_id: int, *, now: datetime) -> list[Job]:
    """Claim one delivery if it is due, on whichever channel."""
    with transaction.atomic():
        due = Delivery.objects.filter(pk=notification_id, next_at__lte=now)
        return _claimed(_locked_by_time(due, 1), lane=None, now=now)


def settle(results: Sequence[Result], *, now: datetime) -> None:
    """Write what came of attempts, and what comes next."""
    # First: what comes next depends on how the providers do.
    _tell_providers(results, now=now)
    with transaction.atomic():
        results = _without_ends(results, now=now)
        if not results:
            return
        ids = {result.job.delivery_id for result in results}
        held = Delivery.objects.select_for_update().filter(pk__in=ids).order_by("pk")
        known = Known.of(list(held), now=now, has_people=False)
        changed = [
            attempt
            for result in results
            for attempt in _settled(known, result, now=now)
        ]
        save_attempts(changed)
        save_deliveries(known.rows.values())
        for result in results:
            if result.error is not None and result.error.is_gone:
                _forget(result.job)
        known.figures.write()


def deliver(notification_id: int) -> bool:
    """Make the next attempt of one notification if it is due; say whether one was."""
    jobs = claim_one(notification_id, now=clock.now())
    if jobs:
        settle([made(job) for job in jobs], now=clock.now())
    return bool(jobs)


def resend(notification_id: int) -> Delivery:
    """Begin a new round on the same notification, under another message id.

    Raises: Delivery.DoesNotExist, NotPossibleError while an attempt is on its way.
    """
    now = clock.now()
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(pk=notification_id)
        if row.token is not None:
            message = "An attempt is on its way; try again in a moment."
            raise NotPossibleError(message)
        notification = Notification.objects.get(pk=notification_id)
        if notification.withdrawn_at is not None:
            message = "The notification was withdrawn."
            raise NotPossibleError(message)
        row.round += 1
        row.round_began_at = now
        [row.message_id] = message_ids.allocate(1)
        row.status = DeliveryStatus.PENDING
        row.channel = ""
        row.finished_at = None
        plan_ = ladder_rows.plan_of(row)
        at = ladder_rows.circumstances_of(notification, now=now)
        step = next_step(plan_, ladder_rows.attempts_of(row, ()), at)
        ladder_rows.place(row, step, now=now)
        row.save()
        transaction.on_commit(partial(waking.wake, TASK), robust=True)
    return row


def cancel(notification_id: int) -> Delivery:
    """Make no further attempt; one on its way can not be called back.

    Raises: Delivery.DoesNotExist, NotPossibleError when it is over.
    """
    now = clock.now()
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(pk=notification_id)
        if row.status != DeliveryStatus.PENDING:
            message = f"It is {row.status} already."
            raise NotPossibleError(message)
        ladder_rows.place(row, Finish(DeliveryStatus.CANCELLED), now=now)
        row.save()
    return row


def withdraw_from(source: str, *, at_most: int) -> int:
    """Take back some of what a source has sent to outside channels alone; count it.

    Only what has an idempotency key, which is what sources are indexed by. What no
    attempt was made of gives its key free: when the source says it again, it is new.
    """
    with transaction.atomic():
        ids = list(_sent_outside(source).values_list("pk", flat=True)[:at_most])
        # Nobody claims them from here to the commit, and whoever does then sees it.
        held = Delivery.objects.select_for_update().filter(pk__in=ids)
        list(held.order_by("pk").values_list("pk"))
        tried = NotificationAttempt.objects.filter(delivery__in=ids)
        begun = Q(pk__in=tried.order_by().values("delivery"))
        some, now = Notification.objects.filter(pk__in=ids), clock.now()
        some.filter(begun).update(withdrawn_at=now)
        some.exclude(begun).update(withdrawn_at=now, idempotency_key=None)
    return len(ids)


def go_on(notification_id: int) -> Delivery:
    """Take an unknown outcome for a failure, and go on with the next channel.

    Raises: Delivery.DoesNotExist, NotPossibleError when nothing waits for a person.
    """
    now = clock.now()
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(pk=notification_id)
        unknown = row.attempts.filter(round=row.round, status=AttemptStatus.UNKNOWN)
        waits = row.status == DeliveryStatus.PENDING and row.held
        if not waits or not unknown.update(
            status=AttemptStatus.FAILED, is_permanent=True
        ):
            message = "No unknown outcome waits for a decision."
            raise NotPossibleError(message)
        known = Known.of([row], now=now)
        save_attempts(known.place_next(row, now=now))
        save_deliveries([row])
        transaction.on_commit(partial(waking.wake, TASK), robust=True)
    return row


def _without_ends(results: Sequence[Result], *, now: datetime) -> list[Result]:
    """Write the successes that end their ladders all at once; return what is left.

    Most results are such, and their rows need not be read again.
    """
    ends = {each.job.delivery_id: each for each in results if _is_end(each)}
    rows = Delivery.objects.filter(pk__in=ends, status=DeliveryStatus.PENDING)
    held = rows.select_for_update().order_by("pk").values_list("pk", "token")
    ours = {pk for pk, token in held if ends[pk].job.token == token}
    alike: defaultdict[tuple[str, str], list[Job]] = defaultdict(list)
    for pk in ours:
        receipt, job = ends[pk].receipt, ends[pk].job
        said = receipt.provider_response if receipt else ""
        alike[job.channel, printable_response(said)].append(job)
    for (channel, response), jobs in alike.items():
        NotificationAttempt.objects.filter(
            pk__in=[job.attempt_id for job in jobs]
        ).update(
            status=AttemptStatus.SENT,
            error="",
            provider_response=response,
            finished_at=now,
        )
        Delivery.objects.filter(pk__in=[job.delivery_id for job in jobs]).update(
            **ladder_rows.finished(DeliveryStatus.SENT, channel=channel, now=now)
        )
    return [
        each
        for each in results
        if each.job.delivery_id not in ours or each is not ends[each.job.delivery_id]
    ]


def _is_end(result: Result) -> bool:
    return result.receipt is not None and result.job.ends_it


def _sent_outside(source: str) -> QuerySet[Notification]:
    keyed = Notification.objects.filter(source=source, idempotency_key__isnull=False)
    return keyed.filter(seq=None, withdrawn_at=None).order_by()


def _settled(
    known: Known, result: Result, *, now: datetime
) -> list[NotificationAttempt]:
    row = known.rows.get(result.job.delivery_id)
    attempt = known.attempt(result.job.delivery_id, result.job.attempt_id)
    if row is None or attempt is None:
        # Deleted with its user meanwhile.
        return []
    is_ours = row.token == result.job.token
    is_free = row.token is None
    changed: list[NotificationAttempt] = []
    # Whose lease was lost knows less than who has it now, except of a success.
    if attempt.status != AttemptStatus.SENT and (is_ours or is_free or result.receipt):
        result.write(attempt, now=now)
        changed.append(attempt)
    if is_ours or is_free:
        row.token = None
        if row.status == DeliveryStatus.PENDING:
            changed += known.place_next(row, now=now)
    return changed


def _forget(job: Job) -> None:
    if job.user_id is not None:
        contacts.forget(job.user_id, channel=job.channel, address=job.parcel.address)


def _tell_providers(results: Sequence[Result], *, now: datetime) -> None:
    for name, tally in told(results).items():
        if tally.fault:
            logger.error("a provider is set up wrongly", extra={"channel": name})
            providers.misconfigured(name, tally.fault, now=now)
        providers.record(
            name,
            ok=tally.ok,
            failed=tally.failed,
            refused=tally.refused,
            now=now,
        )


def _locked_by_time(rows: QuerySet[Delivery], count: int) -> list[Delivery]:
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return list(rows.order_by("next_at")[:count])


def _claimed(rows: Sequence[Delivery], *, lane: str | None, now: datetime) -> list[Job]:
    claiming = Claim(Known.of(rows, now=now), now=now, lease=lease())
    for row in rows:
        claiming.take(row, lane=lane)
    return claiming.jobs()
