"""How alerts are received, from the counters; the log itself is never counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.alerts import policy, tallies
from apps.alerts.models import Alert, Channel, Visibility
from apps.alerts.policy import Status
from apps.alerts.tallies import COUNTED, Tallies
from apps.notifications.models import Severity

_NOTHING = dict.fromkeys(COUNTED, 0)
# What a row says of its alert; the message is long and not asked for.
_SHOWN = (
    "title",
    "severity",
    "visibility_type",
    "is_active",
    "start_time",
    "expiry_time",
    "archived_at",
)
Row = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """Everything but the pages: `alerts` has a row for each alert."""

    summary: Row
    alerts: list[Row]


def report(alerts: QuerySet[Alert], *, now: datetime) -> Report:
    """Say how these alerts are received.

    Two queries for any number of alerts: their rows, and all that is counted.
    """
    counted = tallies.count(alerts.order_by().values("pk"))
    times = counted.read_times
    channels = _channels(counted)
    rows = [
        _row(
            alert,
            channels.get(alert.pk, {}),
            recipients=_recipients(alert, counted),
            times=times.get(alert.pk, {}),
            now=now,
        )
        for alert in alerts.order_by("-id").only(*_SHOWN)
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
            "by_channel": _by_channel(rows),
            "by_team": _by_team(counted),
            "over_time": [
                {"date": day, **counts}
                for day, counts in sorted(counted.by_day.items())
            ],
        },
        rows,
    )


def of_one(alert: Alert, *, now: datetime) -> Row:
    """Say how one alert is received."""
    return report(Alert.objects.filter(pk=alert.pk), now=now).alerts[0]


def _channels(counted: Tallies) -> dict[int, dict[str, tallies.Counts]]:
    found: dict[int, dict[str, tallies.Counts]] = {}
    for (alert_id, channel), counts in sorted(counted.by_alert_and_channel.items()):
        found.setdefault(alert_id, {})[channel] = counts
    return found


def _row(
    alert: Alert,
    by_channel: Mapping[str, tallies.Counts],
    *,
    recipients: int,
    times: Mapping[int, int],
    now: datetime,
) -> Row:
    # What people do with an alert is counted once, on the page's channel.
    counts = by_channel.get(Channel.IN_APP, _NOTHING)
    return {
        "id": alert.pk,
        "title": alert.title,
        "severity": alert.severity,
        "visibility_type": alert.visibility_type,
        "status": policy.status(alert, now=now).value,
        "is_archived": alert.archived_at is not None,
        **_figures(recipients, counts, times),
        "by_channel": _listed(by_channel),
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


def _recipients(alert: Alert, counted: Tallies) -> int:
    """Say the size of the audience now."""
    sizes = counted.team_sizes
    if alert.visibility_type == Visibility.ORGANIZATION:
        return sizes.total()
    if alert.visibility_type == Visibility.TEAM:
        return sum(sizes[team] for team in counted.target_teams[alert.pk])
    return counted.target_users[alert.pk]


def _by_channel(rows: Iterable[Row]) -> list[Row]:
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for counts in row["by_channel"]:
            sums[counts["channel"]].update({name: counts[name] for name in COUNTED})
    return [{"channel": channel, **counts} for channel, counts in sorted(sums.items())]


def _by_team(counted: Tallies) -> list[Row]:
    names = counted.team_names
    found: dict[int, dict[str, tallies.Counts]] = {}
    for (team, channel), counts in sorted(counted.by_team_and_channel.items()):
        found.setdefault(team, {})[channel] = counts
    return [
        {
            "team_id": team or None,
            "team": names.get(team),
            # As of an alert: the page's own, and what left it beside.
            **by_channel.get(Channel.IN_APP, _NOTHING),
            "by_channel": _listed(by_channel),
        }
        for team, by_channel in found.items()
    ]


def _listed(by_channel: Mapping[str, tallies.Counts]) -> list[Row]:
    return [{"channel": channel, **counts} for channel, counts in by_channel.items()]
