"""Numbers that only grow by what a batch adds, in one statement a table.

The one file of this app with SQL of its own: "insert, or add to what is there" and
"insert from a query and say what was new" are beyond the ORM. Both databases take the
same text.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import DateTimeField, IntegerField, Model, QuerySet, Value
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
        """Write it all, in the same order everywhere: concurrent batches only wait."""
        _add(
            AlertCounter,
            ("alert_id", "channel", "team_number"),
            _rows(self._counters),
            counted=_COUNTED,
        )
        _add(AlertHour, ("alert_id", "hour"), _rows(self._hours), counted=_COUNTED)
        buckets = {key: {"count": count} for key, count in self._buckets.items()}
        _add(AlertReadTime, ("alert_id", "bucket"), buckets, counted=("count",))


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


def _add(
    model: type[Model],
    keys: Sequence[str],
    rows: Mapping[tuple[Any, ...], Mapping[str, int]],
    *,
    counted: Collection[str],
) -> None:
    if not rows:
        return
    table = model._meta.db_table
    columns = ", ".join([*keys, *(f'"{name}"' for name in counted)])
    values = ", ".join(["%s"] * (len(keys) + len(counted)))
    sums = ", ".join(
        f'"{name}" = {table}."{name}" + excluded."{name}"' for name in counted
    )
    text = (
        f"INSERT INTO {table} ({columns}) VALUES ({values})"  # noqa: S608  (the names are ours)
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            text,
            [
                (*map(_adapted, key), *(added.get(name, 0) for name in counted))
                for key, added in sorted(rows.items())
            ],
        )


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
