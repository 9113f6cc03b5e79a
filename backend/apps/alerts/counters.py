"""What a batch adds to the figures, and the log that they come from.

The one file of this app with SQL of its own: "insert from a query and say what was
new" is beyond the ORM. Both databases take the same text.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, IntegerField, QuerySet, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.alerts.models import (
    AlertCounter,
    AlertDelivery,
    AlertHour,
    AlertReadTime,
    Channel,
    Result,
)
from apps.common.adding import add

CounterKey = tuple[int, str, int]
HourKey = tuple[int, datetime]
BucketKey = tuple[int, int]
_COUNTED = ("told", "delivered", "read", "snoozed", "reminders")


class Deltas:
    """What one batch adds."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._counters: Counter[tuple[CounterKey, str]] = Counter()
        self._hours: Counter[tuple[HourKey, str]] = Counter()
        self._buckets: Counter[BucketKey] = Counter()

    def add(self, what: str, count: int, *, alert_id: int, team: int) -> None:
        """Add to the present number of an alert in a team (0 for none)."""
        self._counters[(alert_id, Channel.IN_APP.value, team), what] += count

    def happened(self, what: str, count: int, *, alert_id: int, at: datetime) -> None:
        """Add to what happened in an hour."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        self._hours[(alert_id, hour), what] += count

    def took(self, alert_id: int, bucket: int) -> None:
        """Add one to those who took this long to read."""
        self._buckets[alert_id, bucket] += 1

    def write(self) -> None:
        """Write it all, in the same order everywhere."""
        add(
            AlertCounter,
            ("alert_id", "channel", "team_number"),
            _rows(self._counters),
            counted=_COUNTED,
        )
        add(AlertHour, ("alert_id", "hour"), _rows(self._hours), counted=_COUNTED)
        buckets = {key: {"count": count} for key, count in self._buckets.items()}
        add(AlertReadTime, ("alert_id", "bucket"), buckets, counted=("count",))


def insert_told(
    alert_id: int,
    users: QuerySet[User],
    *,
    now: datetime,
) -> Counter[int]:
    """Write those of the users into the log who are not in it; count them by team."""
    rows = users.order_by().annotate(
        alert_number=Value(alert_id, output_field=IntegerField()),
        channel=Value(Channel.IN_APP.value),
        team_number=Coalesce("team_id", Value(0)),
        told_at=Value(now, output_field=DateTimeField()),
        zero=Value(0),
        nothing=Value(0),
        result=Value(Result.TOLD.value),
    )
    query, params = rows.values_list(
        "alert_number",
        "pk",
        "channel",
        "team_number",
        "told_at",
        "zero",
        "nothing",
        "result",
    ).query.sql_with_params()
    table = AlertDelivery._meta.db_table
    text = (
        f"INSERT INTO {table} (alert_id, user_id, channel, team_number, told_at,"
        f" last_slot, reminders, result) {query}"
        " ON CONFLICT DO NOTHING RETURNING team_number"
    )
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return Counter(team for (team,) in cursor.fetchall())


def _rows(counts: "Counter[tuple[Any, str]]") -> dict[tuple[Any, ...], dict[str, int]]:
    found: dict[tuple[Any, ...], dict[str, int]] = {}
    for (key, what), count in counts.items():
        if count:
            found.setdefault(key, {})[what] = count
    return found
