"""When it is inside given hours of somebody's day; pure.

The rule is the plain one: a moment is inside when the local clock shows a time between
the two. What daylight saving skips or repeats follows from that, to the second.
"""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)
# A whole date can be left out (Samoa, 2011) and another day's hours be skipped.
_DAYS = 4


def is_inside(moment: datetime, zone: ZoneInfo, start: time, end: time) -> bool:  # noqa: PLR0917  (one sentence)
    """Say whether the local time is in start..end, the end left out."""
    local = moment.astimezone(zone).time()
    if start < end:
        return start <= local < end
    return local >= start or local < end


def next_open(  # noqa: PLR0917  (as it is called everywhere)
    now: datetime,
    zone: ZoneInfo,
    start: time | None,
    end: time | None,
) -> datetime:
    """Say the first moment from now on that is inside; without hours, now.

    Over midnight where the start is later than the end. Returns UTC.
    """
    if start is None or end is None or is_inside(now, zone, start, end):
        return now.astimezone(UTC)
    return min(
        moment
        for moment in [*_starts(now, zone, start), *_changes(now, zone)]
        if moment >= now and is_inside(moment, zone, start, end)
    )


def _starts(now: datetime, zone: ZoneInfo, start: time) -> list[datetime]:
    today = now.astimezone(zone).date()
    days = [today + timedelta(days=offset) for offset in range(-1, _DAYS)]
    return [
        datetime.combine(day, start.replace(fold=fold), zone).astimezone(UTC)
        for day in days
        for fold in (0, 1)
    ]


def _changes(now: datetime, zone: ZoneInfo) -> list[datetime]:
    """List the moments at which the clock is put forward or back, to the second."""
    begin = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [begin + _HOUR * offset for offset in range(24 * _DAYS + 1)]
    return [
        _change_between(early, early + _HOUR, zone)
        for early in hours
        if _offset(early, zone) != _offset(early + _HOUR, zone)
    ]


def _change_between(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    before = _offset(early, zone)
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        if _offset(middle, zone) == before:
            early = middle
        else:
            late = middle
    return late


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
