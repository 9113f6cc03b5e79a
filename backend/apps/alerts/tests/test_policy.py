"""Ends of days over all zones, slots of reminders, medians."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.alerts import policy
from apps.alerts.models import Alert, Channel
from apps.delivery import channels

BEGIN = datetime(2030, 1, 2, 10, 0, tzinfo=UTC)
ZONES = sorted(available_timezones())
MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001  (the strategy adds the zone)
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001  (as above)
    timezones=st.just(UTC),
)


@given(now=MOMENTS, name=st.sampled_from(ZONES))
def test_a_day_ends_at_the_first_moment_of_a_later_date(
    now: datetime, name: str
) -> None:
    zone = ZoneInfo(name)
    today = now.astimezone(zone).date()

    end = policy.end_of_day(now, zone)

    assert now < end <= now + timedelta(hours=50)
    assert end.astimezone(zone).date() > today
    assert (end - timedelta(seconds=1)).astimezone(zone).date() <= today


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        # 23 hours long: clocks go forward on 31 March.
        ("Europe/Berlin", "2030-03-30T23:30:00+00:00", "2030-03-31T22:00:00+00:00"),
        # 25 hours long: clocks go back on 27 October.
        ("Europe/Berlin", "2030-10-26T22:30:00+00:00", "2030-10-27T23:00:00+00:00"),
        # Half an hour, and three quarters.
        ("Asia/Kolkata", "2030-01-02T10:00:00+00:00", "2030-01-02T18:30:00+00:00"),
        ("Asia/Kathmandu", "2030-01-02T10:00:00+00:00", "2030-01-02T18:15:00+00:00"),
        # Clocks move by half an hour.
        (
            "Australia/Lord_Howe",
            "2030-10-05T14:00:00+00:00",
            "2030-10-06T13:00:00+00:00",
        ),
        # Midnight itself is skipped: the day begins at one o'clock.
        ("America/Sao_Paulo", "2018-11-03T20:00:00+00:00", "2018-11-04T03:00:00+00:00"),
        # A whole date is left out.
        ("Pacific/Apia", "2011-12-30T05:00:00+00:00", "2011-12-30T10:00:00+00:00"),
    ],
)
def test_days_of_other_lengths_end_when_they_end(zone: str, now: str, end: str) -> None:
    found = policy.end_of_day(datetime.fromisoformat(now), ZoneInfo(zone))

    assert found == datetime.fromisoformat(end)


def alert(**fields: object) -> Alert:
    return Alert(
        **{
            "start_time": BEGIN,
            "created_at": BEGIN - timedelta(days=1),
            "expiry_time": BEGIN + timedelta(days=7),
            "reminder_interval": 7200,
            **fields,
        },
    )


@pytest.mark.parametrize(
    ("minutes", "slots"), [(0, 0), (119, 0), (120, 1), (239, 1), (240, 2), (1440, 12)]
)
def test_slots_come_every_interval_from_the_start(minutes: int, slots: int) -> None:
    slot = policy.newest_slot(alert(), now=BEGIN + timedelta(minutes=minutes))

    assert slot == (int(BEGIN.timestamp()) + slots * 7200 if slots else 0)


def test_slots_begin_when_it_was_written_if_that_is_later() -> None:
    late = alert(start_time=BEGIN - timedelta(days=300), created_at=BEGIN)

    assert policy.newest_slot(late, now=BEGIN + timedelta(minutes=119)) == 0


@given(
    st.lists(st.sampled_from([900, 3600, 7200, 604_800]), min_size=2, max_size=8),
    st.integers(min_value=1, max_value=200_000),
)
def test_slots_keep_their_order_when_the_interval_is_changed(
    intervals: list[int], step: int
) -> None:
    done, now = 0, BEGIN
    for interval in intervals:
        now += timedelta(seconds=step)
        slot = policy.newest_slot(alert(reminder_interval=interval), now=now)
        assert slot <= now.timestamp()
        # A slot that is not newer reminds nobody; a newer one is never in the future.
        done = max(done, slot)
    later = now + timedelta(seconds=intervals[-1])
    newest = policy.newest_slot(alert(reminder_interval=intervals[-1]), now=later)
    assert newest > now.timestamp() - 1 or newest >= done


@pytest.mark.parametrize(("seconds", "of"), [(0, 1), (60, 5), (3600, 400), (90_000, 9)])
def test_a_median_is_within_ten_percent(seconds: int, of: int) -> None:
    counts = {policy.bucket(seconds): of}

    median = policy.median_seconds(counts)

    assert median is not None
    assert abs(median - seconds) <= max(0.2, seconds * 0.11)


def test_the_median_is_in_the_middle_and_missing_without_readers() -> None:
    counts = {policy.bucket(10): 4, policy.bucket(100): 1, policy.bucket(1000): 4}

    assert policy.median_seconds({}) is None
    assert 90 < (policy.median_seconds(counts) or 0) < 110


def test_a42_an_alert_may_name_every_channel_that_there_is() -> None:
    assert {"in_app", *channels.names()} == set(Channel.values)
    assert {"in_app", "email", "sms"} <= set(Channel.values)
