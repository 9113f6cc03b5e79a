"""How alerts are received, from the counters; the log itself is never counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncDate

from apps.accounts.models import Team, User
from apps.alerts import policy
from apps.alerts.models import (
    Alert,
    AlertCounter,
    AlertHour,
    AlertReadTime,
    Channel,
    Visibility,
)
from apps.alerts.policy import Status
from apps.notifications.models import Severity

COUNTED = ("told", "delivered", "read", "snoozed", "reminders")
_SUMS = {name: Sum(name) for name in COUNTED}
# The aggregates may not take the names of the columns that they sum.
_ALIASED = {f"sum_{name}": total for name, total in _SUMS.items()}
Row = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """Everything but the pages: `alerts` has a row for each alert."""

    summary: Row
    alerts: list[Row]


def report(alerts: QuerySet[Alert], *, now: datetime) -> Report:
    """Say how these alerts are received.

    As many queries for any number of alerts: their rows, the sizes of the audiences,
    and one grouped query for each kind of counter.
    """
    found = list(alerts.order_by("-id"))
    chosen = alerts.order_by().values("pk")
    counters = _counters(chosen)
    times = _read_times(chosen)
    sizes = _recipients(found)
    rows = [
        _row(
            alert,
            sizes[alert.pk],
            counters.get(alert.pk, {}),
            times=times.get(alert.pk, {}),
            now=now,
        )
        for alert in found
    ]
    return Report(
        {
            "totals": _totals(rows, times),
            "by_severity": [
                {"severity": value, **_totals(_having(rows, severity=value), times)}
                for value in Severity.values
            ],
            "by_visibility": [
                {
                    "visibility_type": value,
                    **_totals(_having(rows, visibility_type=value), times),
                }
                for value in Visibility.values
            ],
            "by_channel": _by_channel(chosen),
            "by_team": _by_team(chosen),
            "over_time": _over_time(chosen),
        },
        rows,
    )


def of_one(alert: Alert, *, now: datetime) -> Row:
    """Say how one alert is received."""
    return report(Alert.objects.filter(pk=alert.pk), now=now).alerts[0]


def with_channels(rows: Sequence[Row]) -> list[Row]:
    """Add to each of a page's alerts its figures by channel."""
    ids = [row["id"] for row in rows]
    grouped = AlertCounter.objects.filter(alert__in=ids).order_by("channel")
    by_alert: defaultdict[int, list[Row]] = defaultdict(list)
    for found in grouped.values("alert_id", "channel").annotate(**_ALIASED):
        by_alert[found["alert_id"]].append(
            {"channel": found["channel"], **_unaliased(found)}
        )
    return [{**row, "by_channel": by_alert[row["id"]]} for row in rows]


def _row(
    alert: Alert,
    recipients: int,
    counted: Mapping[str, int],
    *,
    times: Mapping[int, int],
    now: datetime,
) -> Row:
    return {
        "id": alert.pk,
        "title": alert.title,
        "severity": alert.severity,
        "visibility_type": alert.visibility_type,
        "status": policy.status(alert, now=now).value,
        "is_archived": alert.archived_at is not None,
        **_figures(recipients, {name: counted.get(name, 0) for name in COUNTED}, times),
    }


def _figures(
    recipients: int,
    counted: Mapping[str, int],
    times: Mapping[int, int],
) -> Row:
    return {
        "recipients": recipients,
        **counted,
        "read_rate": _rate(counted["read"], recipients),
        "median_seconds_to_read": policy.median_seconds(dict(times)),
    }


def _rate(part: int, whole: int) -> float:
    # Who has read may have left the audience since.
    return round(min(1.0, part / whole), 4) if whole else 0.0


def _totals(rows: Sequence[Row], times: Mapping[int, Mapping[int, int]]) -> Row:
    statuses = Counter(row["status"] for row in rows)
    together: Counter[int] = Counter()
    for row in rows:
        together.update(times.get(row["id"], {}))
    counted = {name: sum(row[name] for row in rows) for name in COUNTED}
    return {
        "alerts": len(rows),
        **{each.value: statuses[each.value] for each in Status},
        "archived": sum(row["is_archived"] for row in rows),
        **_figures(sum(row["recipients"] for row in rows), counted, together),
    }


def _having(rows: Iterable[Row], **wanted: str) -> list[Row]:
    return [row for row in rows if wanted.items() <= row.items()]


def _recipients(alerts: Sequence[Alert]) -> dict[int, int]:
    """Count the audiences: one query for all teams, one for each kind of target."""
    users = User.objects.filter(is_active=True).order_by()
    by_team = dict(users.values_list("team_id").annotate(Count("pk")))
    ids = [alert.pk for alert in alerts]
    sizes: Counter[int] = Counter()
    teams = Alert.target_teams.through.objects.filter(alert__in=ids)
    for alert_id, team_id in teams.values_list("alert_id", "team_id"):
        sizes[alert_id] += by_team.get(team_id, 0)
    people = Alert.target_users.through.objects.filter(
        alert__in=ids, user__is_active=True
    )
    sizes.update(dict(people.values_list("alert_id").annotate(Count("pk"))))
    everyone = sum(by_team.values())
    return {
        alert.pk: (
            everyone
            if alert.visibility_type == Visibility.ORGANIZATION
            else sizes[alert.pk]
        )
        for alert in alerts
    }


def _counters(chosen: QuerySet[Any, Any]) -> dict[int, dict[str, int]]:
    # What people do with an alert is counted once, on the page's channel.
    rows = AlertCounter.objects.filter(alert__in=chosen, channel=Channel.IN_APP)
    grouped = rows.order_by().values("alert_id").annotate(**_ALIASED)
    return {row["alert_id"]: _unaliased(row) for row in grouped}


def _read_times(chosen: QuerySet[Any, Any]) -> dict[int, dict[int, int]]:
    found: defaultdict[int, dict[int, int]] = defaultdict(dict)
    rows = AlertReadTime.objects.filter(alert__in=chosen)
    for alert_id, bucket, count in rows.values_list("alert_id", "bucket", "count"):
        found[alert_id][bucket] = count
    return dict(found)


def _by_channel(chosen: QuerySet[Any, Any]) -> list[Row]:
    grouped = (
        AlertCounter.objects.filter(alert__in=chosen)
        .order_by("channel")
        .values("channel")
        .annotate(**_ALIASED)
    )
    return [{"channel": row["channel"], **_unaliased(row)} for row in grouped]


def _by_team(chosen: QuerySet[Any, Any]) -> list[Row]:
    names = dict(Team.objects.values_list("pk", "name"))
    grouped = (
        AlertCounter.objects.filter(alert__in=chosen, channel=Channel.IN_APP)
        .order_by("team_number")
        .values("team_number")
        .annotate(**_ALIASED)
    )
    return [
        {
            "team_id": row["team_number"] or None,
            "team": names.get(row["team_number"]),
            **_unaliased(row),
        }
        for row in grouped
    ]


def _over_time(chosen: QuerySet[Any, Any]) -> list[Row]:
    grouped = (
        AlertHour.objects.filter(alert__in=chosen)
        .annotate(date=TruncDate(F("hour")))
        .order_by("date")
        .values("date")
        .annotate(**_ALIASED)
    )
    return [{"date": row["date"].isoformat(), **_unaliased(row)} for row in grouped]


def _unaliased(row: Mapping[str, Any]) -> dict[str, int]:
    return {name: row[f"sum_{name}"] for name in COUNTED}
