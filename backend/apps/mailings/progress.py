"""How far mailings are, as the frames that pages are sent."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts import operators
from apps.delivery import providers
from apps.mailings import counting, policy
from apps.mailings.models import Mailing, MailingCounter, MailingStatus
from apps.push import groups, protocol, publishing

EVERY = timedelta(seconds=1)
SHOWN = (
    MailingStatus.DRAFT,
    MailingStatus.SCHEDULED,
    MailingStatus.RUNNING,
    MailingStatus.PAUSED,
)
MOST_SHOWN = 20
TITLE_LENGTH = 80
AWAY = "The SMS gateway does not answer as it should; messages wait until it does"

Groups = Callable[[Mailing], list[str]]


def obstacle() -> str:
    """Say what keeps messages from being sent just now, if anything; one query."""
    return AWAY if providers.closed_until([policy.PROVIDER]) else ""


def progress(mailing: Mailing, *, rate: float, obstacle: str) -> protocol.Progress:
    """Describe how far a mailing is; its counter is loaded."""
    counter = mailing.counter
    is_running = mailing.status == MailingStatus.RUNNING
    is_held_up = is_running and counter.waiting > 0
    is_moving = rate and is_running and not obstacle
    seconds = round(counter.waiting / rate) if is_moving else None
    return {
        "mailing": mailing.pk,
        "title": mailing.text[:TITLE_LENGTH],
        "status": mailing.status,
        "reason": mailing.reason or (obstacle if is_held_up else ""),
        "total": counter.total,
        "sent": counter.sent,
        "failed": counter.failed,
        "waiting": counter.waiting,
        "expired": counter.expired,
        "unknown": counter.unknown,
        "cancelled": counter.cancelled,
        "rate": rate if is_running else 0.0,
        "eta_seconds": seconds,
    }


def many(rows: Iterable[Mailing], *, now: datetime) -> list[protocol.Progress]:
    """Describe mailings whose counters are loaded; two queries."""
    mailings = list(rows)
    rates = counting.rates([each.pk for each in mailings], now=now)
    found = obstacle() if mailings else ""
    return [
        progress(each, rate=rates.get(each.pk, 0.0), obstacle=found)
        for each in mailings
    ]


def frames(mailing_ids: Collection[int], *, now: datetime) -> dict[int, str]:
    """Encode the progress of mailings, by their ids; three queries for all."""
    rows = with_counters().filter(pk__in=mailing_ids)
    return {
        each["mailing"]: protocol.mailing_progress(each) for each in many(rows, now=now)
    }


def with_counters() -> QuerySet[Mailing]:
    """Return the mailings that are not deleted, with what they come to."""
    return Mailing.objects.filter(deleted_at=None).select_related("counter")


def shown() -> QuerySet[Mailing]:
    """Return the mailings that pages show without being asked."""
    return with_counters().filter(status__in=SHOWN).order_by("-id")[:MOST_SHOWN]


def tell_watchers(counter: MailingCounter, *, now: datetime) -> None:
    """Tell who watches after the commit, at most once a second; the row is ours."""
    # One that lies ahead is from before the clock was put back.
    if counter.told_at is not None and now - EVERY < counter.told_at <= now:
        return
    counter.told_at = now
    counter.save(update_fields=["told_at"])
    transaction.on_commit(
        partial(_publish, counter.pk, groups_of=_watchers, now=now), robust=True
    )


def tell_all(mailing_id: int, *, now: datetime) -> None:
    """Tell everybody concerned after the commit: it began, was paused, or ended."""
    transaction.on_commit(
        partial(_publish, mailing_id, groups_of=_everybody, now=now), robust=True
    )


def _watchers(mailing: Mailing) -> list[str]:
    return [groups.mailing(mailing.pk)]


def _everybody(mailing: Mailing) -> list[str]:
    # Operators watch what they see and hear of the rest; an author who is none does
    # not belong to their group.
    author = mailing.created_by
    hears = author is None or operators.may_operate(author)
    own = [] if hears or author is None else [groups.user(author.pk)]
    return [groups.mailing(mailing.pk), groups.MAILINGS, *own]


def _publish(mailing_id: int, *, groups_of: Groups, now: datetime) -> None:
    rows = Mailing.objects.select_related("counter", "created_by")
    mailing = rows.filter(pk=mailing_id).first()
    if mailing is None:
        return
    rate = counting.rates([mailing_id], now=now).get(mailing_id, 0.0)
    found = progress(mailing, rate=rate, obstacle=obstacle())
    frame = protocol.mailing_progress(found)
    for group in groups_of(mailing):
        publishing.publish_frame(group, frame)
