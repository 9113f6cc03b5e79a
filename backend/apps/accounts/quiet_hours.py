"""When hours that are told by a person's clock are over; pure.

Zones change their clocks, and not all of them by whole hours: https://www.iana.org/time-zones
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Hours:
    """From `start` to just before `end` by the clock of a zone, maybe over midnight."""

    start: time
    end: time
    zone: str


def ends_at(hours: Hours, *, now: datetime) -> datetime | None:
    """Say when the quiet that reigns now is over; None when it does not.

    That is the first moment, to the minute, at which the person's clock shows a time
    outside of the hours, whatever the clock does meanwhile: a clock put forward over
    the end ends them, one put back over it begins them again.
    """
    zone = ZoneInfo(hours.zone)
    local = now.astimezone(zone)
    if not _is_within(local.time(), hours):
        return None
    moment = now.astimezone(UTC) + _until(hours.end, local)
    if moment.astimezone(zone).utcoffset() == local.utcoffset():
        return moment
    # The clock is changed meanwhile; twice a year a walk by minutes is cheap enough.
    moment = now.astimezone(UTC).replace(second=0, microsecond=0) + _MINUTE
    while _is_within(moment.astimezone(zone).time(), hours):
        moment += _MINUTE
    return moment


def _is_within(shown: time, hours: Hours) -> bool:
    if hours.start < hours.end:
        return hours.start <= shown < hours.end
    return shown >= hours.start or shown < hours.end


def _until(end: time, local: datetime) -> timedelta:
    passed = timedelta(
        hours=local.hour,
        minutes=local.minute,
        seconds=local.second,
        microseconds=local.microsecond,
    )
    return (timedelta(hours=end.hour, minutes=end.minute) - passed) % _DAY
