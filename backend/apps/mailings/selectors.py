"""What is read of clients, mailings and messages."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet, Sum

from apps.delivery import sms_text
from apps.mailings import progress
from apps.mailings.counting import COUNTED
from apps.mailings.models import (
    Client,
    Mailing,
    MailingSpan,
    Message,
    SendingStatus,
)
from apps.mailings.policy import Plan

CHART_BARS = 60
FREQUENT = 5


class Counts(TypedDict):
    """What messages come to."""

    total: int
    sent: int
    failed: int
    waiting: int
    expired: int
    unknown: int
    cancelled: int


class Opening(TypedDict):
    """When the hours of a zone begin; None: not before the end."""

    timezone: str
    clients: int
    opens_at: datetime | None


class Preview(TypedDict):
    """What a mailing would do."""

    clients: int
    segments: int
    total_segments: int
    openings: list[Opening]


def clients() -> QuerySet[Client]:
    """Return the clients that are not deleted."""
    return Client.objects.filter(deleted_at=None)


def audience(tag: str, mobile_operator_code: str) -> QuerySet[Client]:
    """Return the clients that match; an empty field means any."""
    rows = clients()
    if tag:
        rows = rows.filter(tag=tag)
    if mobile_operator_code:
        rows = rows.filter(mobile_operator_code=mobile_operator_code)
    return rows


def mailings() -> QuerySet[Mailing]:
    """Return the mailings that are not deleted, newest first, with their counters."""
    return progress.with_counters().order_by("-id")


def messages() -> QuerySet[Message]:
    """Return all messages, newest first."""
    return Message.objects.order_by("-id")


def followed_by(user_id: int, *, is_operator: bool) -> Sequence[Mailing]:
    """Return the mailings that somebody's page shows."""
    rows = progress.with_counters().filter(status__in=progress.SHOWN)
    if not is_operator:
        rows = rows.filter(created_by=user_id)
    return list(rows.order_by("-id")[: progress.MOST_SHOWN])


def counts(mailing: Mailing) -> Counts:
    """Say what a mailing's messages come to; its counter is loaded."""
    found = mailing.counter
    return {
        "total": found.total,
        "sent": found.sent,
        "failed": found.failed,
        "waiting": found.waiting,
        "expired": found.expired,
        "unknown": found.unknown,
        "cancelled": found.cancelled,
    }


def having(mailing: Mailing, status: str) -> int:
    """Say how many of a mailing's messages have a status, "" for any.

    Counted are only the few that are under way or to be tried again.
    """
    known: dict[str, int] = {**counts(mailing), "": mailing.counter.total}  # type: ignore[dict-item]  # all are numbers
    if status in {"", *COUNTED}:
        return known[status]
    rows = Message.objects.filter(mailing=mailing)
    if status == SendingStatus.PLANNED:
        others = [SendingStatus.SENDING, SendingStatus.RETRY]
        return known["waiting"] - rows.filter(sending_status__in=others).count()
    return rows.filter(sending_status=status).count()


def all_counts() -> tuple[int, Counts]:
    """Say how many mailings there are and what all come to; one query."""
    names = ["total", *COUNTED]
    sums = {name: Sum(f"counter__{name}", default=0) for name in names}
    rows = Mailing.objects.filter(deleted_at=None)
    found = rows.aggregate(mailings=Count("pk"), **sums)
    waiting = found["total"] - sum(found[name] for name in COUNTED)
    return found["mailings"], {
        "total": found["total"],
        "sent": found["sent"],
        "failed": found["failed"],
        "waiting": waiting,
        "expired": found["expired"],
        "unknown": found["unknown"],
        "cancelled": found["cancelled"],
    }


def plan(mailing: Mailing) -> Plan:
    """Say when a mailing's messages may go."""
    return Plan(
        mailing.date_start,
        mailing.date_end,
        mailing.time_start,
        mailing.time_end,
    )


def preview(mailing: Mailing, *, now: datetime) -> Preview:
    """Say what a mailing would do if it started; one query."""
    rows = audience(mailing.tag, mailing.mobile_operator_code)
    zones = rows.values_list("timezone").annotate(count=Count("pk")).order_by("-count")
    when = plan(mailing)
    openings: list[Opening] = [
        {
            "timezone": zone,
            "clients": count,
            "opens_at": when.opening(now, ZoneInfo(zone)),
        }
        for zone, count in zones
    ]
    found = sum(each["clients"] for each in openings)
    segments = sms_text.segments(mailing.text)
    return {
        "clients": found,
        "segments": segments,
        "total_segments": found * segments,
        "openings": openings,
    }


def waiting_for_hours(mailing: Mailing, *, now: datetime) -> int:
    """Count the messages that wait for a later time: their morning, or a retry."""
    return Message.objects.filter(
        mailing=mailing,
        sending_status=SendingStatus.PLANNED,
        next_attempt_at__gt=now,
    ).count()


def frequent_errors(mailing: Mailing) -> list[tuple[str, int]]:
    """Return what was wrong most often, and how often; one query."""
    rows = Message.objects.filter(mailing=mailing).exclude(last_error="")
    counted = rows.values_list("last_error").annotate(count=Count("pk"))
    return [(error, count) for error, count in counted.order_by("-count")[:FREQUENT]]


def over_time(mailing: Mailing) -> list[dict[str, object]]:
    """Return how many messages ended over time, in at most 60 equal steps."""
    spans = list(MailingSpan.objects.filter(mailing=mailing).order_by("at"))
    if not spans:
        return []
    begin, length = spans[0].at, spans[-1].at - spans[0].at
    step = max(1.0, length.total_seconds() / CHART_BARS)
    bars: dict[int, dict[str, object]] = {}
    for row in spans:
        place = min(CHART_BARS - 1, int((row.at - begin).total_seconds() / step))
        bar = bars.setdefault(place, {"at": row.at, "sent": 0, "failed": 0, "other": 0})
        for name in ("sent", "failed", "other"):
            bar[name] = int(str(bar[name])) + getattr(row, name)
    return [bars[place] for place in sorted(bars)]
