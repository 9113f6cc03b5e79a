"""Quiet hours by the clock on the wall: midnight, daylight saving, half-hour zones."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.quiet_hours import Hours, ends_at

MINUTE = timedelta(minutes=1)
# By whole, half and quarter hours; changed by one hour and by half of one.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
]
clock_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
moments = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001  (the zone is added below)
    datetime(2027, 12, 31),  # noqa: DTZ001  (as above)
    timezones=st.just(UTC),
)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


def is_quiet(hours: Hours, moment: datetime) -> bool:
    """Say it the long way: count minutes since the start, around the clock."""
    shown = moment.astimezone(ZoneInfo(hours.zone))
    minute = shown.hour * 60 + shown.minute
    start = hours.start.hour * 60 + hours.start.minute
    end = hours.end.hour * 60 + hours.end.minute
    return (minute - start) % 1440 < (end - start) % 1440


@given(moments, clock_times, clock_times, st.sampled_from(ZONES))
def test_it_is_quiet_from_now_to_the_answer_and_not_at_it(
    now: datetime,
    start: time,
    end: time,
    zone: str,
) -> None:
    if start == end:
        return
    hours = Hours(start, end, zone)

    answer = ends_at(hours, now=now)

    assert (answer is not None) == is_quiet(hours, now)
    if answer is not None:
        assert now < answer < now + timedelta(hours=26)
        assert not is_quiet(hours, answer)
        minute = now
        while minute < answer:
            assert is_quiet(hours, minute)
            minute += MINUTE


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-06-01T21:59", None),
        ("2026-06-01T22:00", "2026-06-02T07:00"),
        ("2026-06-01T23:59:59.5", "2026-06-02T07:00"),
        ("2026-06-02T00:00", "2026-06-02T07:00"),
        ("2026-06-02T06:59:59", "2026-06-02T07:00"),
        ("2026-06-02T07:00", None),
    ],
)
def test_hours_over_midnight(now: str, expected: str | None) -> None:
    hours = Hours(time(22), time(7), "Europe/Berlin")

    answer = ends_at(hours, now=berlin(now))

    assert answer == (berlin(expected) if expected else None)


def test_a_night_of_seven_hours_ends_by_the_new_clock() -> None:
    hours = Hours(time(22), time(7), "Europe/Berlin")

    answer = ends_at(hours, now=berlin("2026-03-28T22:00"))

    assert answer == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_hours_that_end_where_the_clock_skips_end_at_the_skip() -> None:
    hours = Hours(time(22), time(2, 30), "Europe/Berlin")

    answer = ends_at(hours, now=berlin("2026-03-29T01:00"))

    assert answer == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_hours_over_the_doubled_hour_end_at_its_first_end_and_begin_again() -> None:
    hours = Hours(time(22), time(2, 30), "Europe/Berlin")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    put_back = datetime(2026, 10, 25, 1, tzinfo=UTC)

    assert ends_at(hours, now=berlin("2026-10-25T00:00")) == first
    assert ends_at(hours, now=first) is None
    assert ends_at(hours, now=put_back) == put_back + timedelta(minutes=30)
