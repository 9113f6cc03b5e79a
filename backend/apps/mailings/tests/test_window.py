"""When it is inside given hours of somebody's day, against a scan of all minutes."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.mailings.window import is_inside, next_open

MINUTE = timedelta(minutes=1)
# Sixty zones: every offset with minutes, both hemispheres, the date line.
ODD = [
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
    "America/Santiago",
    "Asia/Tehran",
    "Europe/Dublin",
    "Africa/Cairo",
    "Asia/Beirut",
]
ZONES = sorted(
    {*ODD, *sorted(zoneinfo.available_timezones())[:: len(ODD)][:60]},
)[:60]
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
MINUTES_OF_TWO_YEARS = 2 * 365 * 24 * 60


def scanned(now: datetime, zone: ZoneInfo, start: time, end: time) -> datetime:
    """Look at every minute, as the definition says."""
    if is_inside(now, zone, start, end):
        return now
    moment = now.replace(second=0, microsecond=0)
    while moment < now or not is_inside(moment, zone, start, end):
        moment += MINUTE
    return moment


@cache
def near_changes(zone: ZoneInfo) -> list[datetime]:
    """List the days of the two years on which the clock is changed."""
    days = [FIRST + timedelta(days=day) for day in range(730)]
    return [
        day
        for day in days
        if day.astimezone(zone).utcoffset()
        != (day + timedelta(days=1)).astimezone(zone).utcoffset()
    ]


times = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(
    name=st.sampled_from(ZONES),
    minute=st.integers(0, MINUTES_OF_TWO_YEARS),
    start=times,
    end=times,
    by_change=st.booleans(),
    seconds=st.integers(0, 59),
)
@settings(max_examples=120, deadline=None)
def test_b23_the_next_opening_is_what_a_scan_of_all_minutes_finds(
    name: str, minute: int, start: time, end: time, by_change: bool, seconds: int
) -> None:
    zone = ZoneInfo(name)
    now = FIRST + minute * MINUTE + timedelta(seconds=seconds)
    changes = near_changes(zone) if by_change else []
    if changes:
        day = changes[minute % len(changes)]
        now = day + (minute % 2880 - 720) * MINUTE + timedelta(seconds=seconds)
    if start == end:
        return

    assert next_open(now, zone, start, end) == scanned(now, zone, start, end)


def test_b23_without_hours_it_is_always_open() -> None:
    now = datetime(2024, 5, 1, 3, 4, 5, tzinfo=UTC)

    assert next_open(now, ZoneInfo("Asia/Tokyo"), None, None) == now


@pytest.mark.parametrize(
    ("zone", "now", "start", "end", "expected"),
    [
        # Over midnight: late in the evening and early in the morning.
        ("UTC", "2024-05-01T12:00", "22:00", "06:00", "2024-05-01T22:00"),
        ("UTC", "2024-05-01T23:30", "22:00", "06:00", "2024-05-01T23:30"),
        ("UTC", "2024-05-01T05:59", "22:00", "06:00", "2024-05-01T05:59"),
        ("UTC", "2024-05-01T06:00", "22:00", "06:00", "2024-05-01T22:00"),
        # The clock goes from 02:00 to 03:00: 02:30 is not on this day's clock.
        ("Europe/Berlin", "2024-03-30T23:30", "02:30", "05:00", "2024-03-31T01:00"),
        # A window inside the hour that is left out opens on the next day.
        ("Europe/Berlin", "2024-03-30T23:30", "02:10", "02:50", "2024-04-01T00:10"),
        # The clock goes from 03:00 back to 02:00: 02:30 comes twice.
        ("Europe/Berlin", "2024-10-26T22:00", "02:30", "02:40", "2024-10-27T00:30"),
        ("Europe/Berlin", "2024-10-27T00:40", "02:30", "02:40", "2024-10-27T01:30"),
        # Half an hour, and three quarters.
        ("Asia/Kolkata", "2024-05-01T00:00", "09:00", "10:00", "2024-05-01T03:30"),
        ("Asia/Kathmandu", "2024-05-01T00:00", "09:00", "10:00", "2024-05-01T03:15"),
        # Samoa left a whole date out.
        ("Pacific/Apia", "2011-12-30T09:59", "00:30", "01:00", "2011-12-30T10:30"),
    ],
)
def test_b23_midnight_and_changes_of_the_clock(
    zone: str, now: str, start: str, end: str, expected: str
) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)

    found = next_open(
        moment, ZoneInfo(zone), time.fromisoformat(start), time.fromisoformat(end)
    )

    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_b23_there_are_sixty_zones_in_the_comparison() -> None:
    assert len(ZONES) == 60
    assert date(2026, 1, 1) - FIRST.date() >= timedelta(days=730)
