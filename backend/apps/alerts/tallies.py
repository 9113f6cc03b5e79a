"""Everything that the figures need to be counted, in one statement.

Each part is one grouped query; their union costs one way to the database, however
many alerts there are. A part names itself in `kind`, and uses the columns as it says.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    CharField,
    Count,
    F,
    IntegerField,
    Model,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Concat, Substr, TruncDate

from apps.accounts.models import Team, User
from apps.alerts import outside
from apps.alerts.models import (
    Alert,
    AlertCounter,
    AlertHour,
    AlertReadTime,
)
from apps.notifications.models import SourceCounter

COUNTED = ("told", "delivered", "read", "snoozed", "reminders")
Counts = dict[str, int]
# Of a row: an alert, a number and a text, as its part says.
Key = tuple[int, int, str]
_INTEGER = IntegerField()
_TEXT = CharField()
_COLUMNS = (
    "kind",
    "alert_number",
    "number",
    "text",
    *(f"n_{name}" for name in COUNTED),
)


@dataclass
class Tallies:
    """What is counted of some alerts, and of the people that they may be for."""

    by_alert_and_channel: dict[tuple[int, str], Counts] = field(default_factory=dict)
    by_team_and_channel: dict[tuple[int, str], Counts] = field(default_factory=dict)
    by_day: dict[str, Counts] = field(default_factory=dict)
    read_times: defaultdict[int, dict[int, int]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    team_names: dict[int, str] = field(default_factory=dict)
    team_sizes: Counter[int] = field(default_factory=Counter)
    target_teams: defaultdict[int, list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    target_users: Counter[int] = field(default_factory=Counter)


def count(chosen: QuerySet[Any, Any]) -> Tallies:
    """Count it for the alerts whose ids these are: one query."""
    parts = [
        _alerts_and_channels(chosen),
        _teams(chosen),
        *_outside(chosen),
        _days(chosen),
        _read_times(chosen),
        _team_names(),
        _team_sizes(),
        _target_teams(chosen),
        _target_users(chosen),
    ]
    found = Tallies()
    for kind, alert, number, text, *counts in parts[0].union(*parts[1:], all=True):
        if kind in {"alert", "team", "day"}:
            _take_counters(found, kind, (alert, number, text), counts=counts)
        elif kind == "read_time":
            found.read_times[alert][number] = counts[0]
        else:
            _take_people(found, kind, (alert, number, text), count=counts[0])
    return found


def _take_counters(found: Tallies, kind: str, key: Key, *, counts: list[int]) -> None:
    alert, number, text = key
    named = dict(zip(COUNTED, counts, strict=True))
    if kind == "alert":
        found.by_alert_and_channel[alert, text] = named
    elif kind == "team":
        found.by_team_and_channel[number, text] = named
    else:
        found.by_day[text] = named


def _take_people(found: Tallies, kind: str, key: Key, *, count: int) -> None:
    alert, number, text = key
    match kind:
        case "team_name":
            found.team_names[number] = text
        case "team_size":
            found.team_sizes[number] = count
        case "target_team":
            found.target_teams[alert].append(number)
        case "target_users":
            found.target_users[alert] = count


def _part(
    kind: str,
    rows: QuerySet[Any, Any],
    *,
    alert: Any = 0,
    number: Any = 0,
    text: Any = "",
    counts: tuple[Any, ...] = (),
) -> QuerySet[Any, Any]:
    """Give the rows the columns that all parts have; the first four are grouped by."""
    keys = {
        "kind": Value(kind, output_field=_TEXT),
        "alert_number": _whole(alert),
        "number": _whole(number),
        "text": Value(text, output_field=_TEXT) if isinstance(text, str) else text,
    }
    filled = (*counts, *(Value(0) for _ in range(len(COUNTED) - len(counts))))
    numbers = {
        f"n_{name}": Cast(each, _INTEGER)
        for name, each in zip(COUNTED, filled, strict=True)
    }
    grouped: QuerySet[Any, Any] = rows.order_by().values(**keys).annotate(**numbers)
    return grouped.values_list(*_COLUMNS)


def _whole(value: Any) -> Any:
    # A number of the text would be taken for the place of a column.
    return Value(value, output_field=_INTEGER) if isinstance(value, int) else value


def _sums() -> tuple[Sum, ...]:
    return tuple(Sum(name) for name in COUNTED)


def _of(model: type[Model], chosen: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = model._default_manager.filter(alert__in=chosen)
    return rows


def _alerts_and_channels(chosen: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    rows = _of(AlertCounter, chosen)
    by = {"alert": F("alert_id"), "text": Cast("channel", _TEXT)}
    return _part("alert", rows, **by, counts=_sums())


def _teams(chosen: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    by = {"number": F("team_number"), "text": Cast("channel", _TEXT)}
    return _part("team", _of(AlertCounter, chosen), **by, counts=_sums())


def _outside(chosen: QuerySet[Any, Any]) -> tuple[QuerySet[Any, Any], ...]:
    """Count what left the page, where it is counted."""
    source = Concat(Value(outside.PREFIX), Cast("pk", _TEXT), output_field=_TEXT)
    sources = chosen.annotate(source_name=source).values("source_name")
    rows = SourceCounter.objects.filter(source__in=sources)
    alert = Cast(Substr("source", len(outside.PREFIX) + 1), _INTEGER)
    channel = Cast("channel", _TEXT)
    counts = Sum("told"), Sum("delivered")
    return (
        _part("alert", rows, alert=alert, text=channel, counts=counts),
        _part("team", rows, number=F("team_number"), text=channel, counts=counts),
    )


def _days(chosen: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    day = Cast(TruncDate("hour"), _TEXT)
    return _part("day", _of(AlertHour, chosen), text=day, counts=_sums())


def _read_times(chosen: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    rows = _of(AlertReadTime, chosen)
    by = {"alert": F("alert_id"), "number": F("bucket")}
    return _part("read_time", rows, **by, counts=(Sum("count"),))


def _team_names() -> QuerySet[Any, Any]:
    rows = Team.objects.all()
    return _part("team_name", rows, number=F("pk"), text=Cast("name", _TEXT))


def _team_sizes() -> QuerySet[Any, Any]:
    rows = User.objects.filter(is_active=True)
    team = Coalesce("team_id", Value(0))
    return _part("team_size", rows, number=team, counts=(Count("pk"),))


def _target_teams(chosen: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    rows = _of(Alert.target_teams.through, chosen)
    return _part("target_team", rows, alert=F("alert_id"), number=F("team_id"))


def _target_users(chosen: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    rows = _of(Alert.target_users.through, chosen).filter(user__is_active=True)
    by = {"alert": F("alert_id")}
    return _part("target_users", rows, **by, counts=(Count("user_id"),))
