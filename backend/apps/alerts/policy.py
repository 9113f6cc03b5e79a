"""What an alert must be, when it is shown, when a day ends, when a reminder is due."""

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from apps.alerts.models import (
    LEAST_INTERVAL_SECONDS,
    MOST_INTERVAL_SECONDS,
    Alert,
    Channel,
    Visibility,
)
from apps.notifications.models import Severity
from apps.push import groups

TITLE_LENGTH = 200
MESSAGE_LENGTH = 4000
TARGETS_LIMIT = 1000
MAX_REMINDERS = 1000
LONGEST_SNOOZE = timedelta(days=366)
# Ten steps a factor of e: a bucket is about ten percent wide.
BUCKETS_PER_E = 10
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")


class Status(StrEnum):
    """Where an alert is in its life; computed, never stored."""

    SCHEDULED = "scheduled"
    ACTIVE = "active"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class AlertError(ValueError):
    """An alert that cannot be; `errors` says why for each field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        """Keep the errors; the text names every field."""
        self.errors = errors
        super().__init__(
            "; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items()),
        )


@dataclass(frozen=True)
class Draft:
    """Everything that an author says of an alert."""

    title: str
    message: str
    severity: str
    visibility_type: str
    target_teams: frozenset[int]
    target_users: frozenset[int]
    start_time: datetime
    expiry_time: datetime
    reminders_enabled: bool
    reminder_interval: int
    max_reminders: int | None
    channels: tuple[str, ...]
    remind_outside: bool
    is_active: bool


def errors(draft: Draft) -> dict[str, list[str]]:
    """Say for each field what is wrong with it; nothing when the alert may be."""
    found = {
        "title": _text_error(draft.title, TITLE_LENGTH),
        "message": _text_error(draft.message, MESSAGE_LENGTH),
        "severity": _choice_error(draft.severity, Severity.values),
        "visibility_type": _choice_error(draft.visibility_type, Visibility.values),
        "start_time": _moment_error(draft.start_time),
        "expiry_time": _expiry_error(draft.start_time, draft.expiry_time),
        "reminder_interval": _interval_error(draft.reminder_interval),
        "max_reminders": _most_error(draft.max_reminders),
        "channels": _channels_error(draft.channels),
        **_target_errors(draft),
    }
    return {field: [error] for field, error in found.items() if error}


def _text_error(value: str, length: int) -> str | None:
    if not value.strip():
        return "This may not be empty."
    if len(value) > length:
        return f"At most {length} characters."
    if _UNPRINTABLE.search(value):
        return "A NUL character or a lone surrogate is not allowed."
    return None


def _choice_error(value: str, choices: Collection[str]) -> str | None:
    return None if value in choices else f"Must be one of {', '.join(choices)}."


def _moment_error(value: datetime) -> str | None:
    if value.tzinfo is None:
        return "Must be a time with a time zone, such as 2030-01-01T00:00:00Z."
    # Arithmetic with time zones needs a day of room at both ends.
    return None if 1 < value.year < 9999 else "Must lie between the years 2 and 9998."


def _expiry_error(start: datetime, expiry: datetime) -> str | None:
    error = _moment_error(expiry)
    if error or _moment_error(start):
        return error
    return None if expiry > start else "Must be after start_time."


def _interval_error(seconds: int) -> str | None:
    if LEAST_INTERVAL_SECONDS <= seconds <= MOST_INTERVAL_SECONDS:
        return None
    return (
        f"Must be {LEAST_INTERVAL_SECONDS} (15 minutes) to "
        f"{MOST_INTERVAL_SECONDS} (7 days) seconds."
    )


def _most_error(value: int | None) -> str | None:
    if value is None or 1 <= value <= MAX_REMINDERS:
        return None
    return f"Must be 1 to {MAX_REMINDERS}, or null."


def _channels_error(channels: Sequence[str]) -> str | None:
    known = ", ".join(Channel.values)
    if set(channels) - set(Channel.values):
        return f"The channels are {known}."
    if len(set(channels)) != len(channels):
        return "A channel may be named once."
    if Channel.IN_APP not in channels:
        return "Must hold in_app: an alert is always shown on the page."
    return None


def _target_errors(draft: Draft) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for field, targets, kind in (
        ("target_teams", draft.target_teams, Visibility.TEAM),
        ("target_users", draft.target_users, Visibility.USER),
    ):
        if draft.visibility_type == kind and not targets:
            found[field] = f"Name at least one for visibility_type {kind.value}."
        elif draft.visibility_type != kind and targets:
            found[field] = f"Only for visibility_type {kind.value}."
        elif len(targets) > TARGETS_LIMIT:
            found[field] = f"At most {TARGETS_LIMIT}."
    return found


def status(alert: Alert, *, now: datetime) -> Status:
    """Say where an alert is in its life."""
    if not alert.is_active or alert.archived_at is not None:
        return Status.WITHDRAWN
    if alert.expiry_time <= now:
        return Status.EXPIRED
    return Status.SCHEDULED if alert.start_time > now else Status.ACTIVE


def audience_groups(
    visibility_type: str,
    *,
    team_ids: Collection[int],
    user_ids: Collection[int],
) -> frozenset[str]:
    """Name the groups of connections that an audience comes to."""
    if visibility_type == Visibility.ORGANIZATION:
        return frozenset({groups.EVERYONE})
    if visibility_type == Visibility.TEAM:
        return frozenset(groups.team(each) for each in team_ids)
    return frozenset(groups.user(each) for each in user_ids)


def end_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Say when the present day ends in a zone: the first moment of a later date.

    Right on days that are 23 or 25 hours long, where midnight is skipped or comes
    twice, and where a whole date is left out.
    """
    today = now.astimezone(zone).date()
    candidates = (
        datetime(day.year, day.month, day.day, tzinfo=zone, fold=fold).astimezone(UTC)
        for day in (today + timedelta(days=1), today + timedelta(days=2))
        for fold in (0, 1)
    )
    return min(
        moment
        for moment in candidates
        if moment > now and moment.astimezone(zone).date() > today
    )


def newest_slot(alert: Alert, *, now: datetime) -> int:
    """Say the newest slot for reminders that has come; 0 before the first.

    Slots are every `reminder_interval` from the start (or from when it was written,
    if that is later). A slot is named by its second since 1970, so that slots keep
    their order when the interval or the start is changed.
    """
    begin = int(max(alert.start_time, alert.created_at).timestamp())
    passed = int(now.timestamp()) - begin
    if passed < alert.reminder_interval:
        return 0
    return begin + passed // alert.reminder_interval * alert.reminder_interval


def outside_channels(alert: Alert) -> tuple[str, ...]:
    """Name the channels of an alert that leave the page."""
    return tuple(each for each in alert.channels if each != Channel.IN_APP)


def may_remind(alert: Alert, *, now: datetime) -> bool:
    """Say whether reminders of an alert may be sent at all."""
    return alert.reminders_enabled and status(alert, now=now) is Status.ACTIVE


def bucket(seconds: float) -> int:
    """Say into which span a time to read falls."""
    return math.floor(math.log1p(max(0.0, seconds)) * BUCKETS_PER_E)


def seconds_of_bucket(number: int) -> float:
    """Say the time in the middle of a span."""
    return math.expm1((number + 0.5) / BUCKETS_PER_E)


def median_seconds(counts: dict[int, int]) -> float | None:
    """Say the median of times to read from how many fell into each span."""
    total = sum(counts.values())
    if total <= 0:
        return None
    seen = 0
    for number in sorted(counts):
        seen += counts[number]
        if seen * 2 >= total:
            return round(seconds_of_bucket(number), 1)
    return None
