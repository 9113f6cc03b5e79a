"""The clock, with the wall clock of the host moved under it."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from apps.common import clock


@pytest.fixture
def database_time(monkeypatch: pytest.MonkeyPatch) -> datetime:
    moment = datetime(2030, 5, 6, 7, 8, 9, tzinfo=UTC)
    monkeypatch.setattr(clock, "_database_time", lambda: moment)
    return moment


def test_is_the_wall_clock_until_synchronized() -> None:
    before = datetime.now(UTC)

    now = clock.now()

    assert before <= now <= datetime.now(UTC)


def test_is_the_databases_time_once_synchronized(database_time: datetime) -> None:
    clock.synchronize()

    assert timedelta(0) <= clock.now() - database_time < timedelta(seconds=5)


def test_runs_on_with_the_monotonic_clock(
    database_time: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock.synchronize()
    before = clock.now()
    moved = time.monotonic() + 3600
    monkeypatch.setattr("apps.common.clock.time.monotonic", lambda: moved)

    passed = clock.now() - before

    assert timedelta(seconds=3599) < passed < timedelta(seconds=3605)


def test_a_step_of_the_wall_clock_changes_nothing(
    database_time: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stepped(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "Stepped":
            return cls(1999, 1, 1, tzinfo=UTC)

    clock.synchronize()
    monkeypatch.setattr("apps.common.clock.datetime", Stepped)

    assert clock.now() >= database_time
    assert clock.now() < database_time + timedelta(seconds=5)


@pytest.mark.django_db
def test_reads_the_time_of_the_configured_database() -> None:
    clock.synchronize()

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=30)
    assert clock.now().utcoffset() == timedelta(0)
    assert connection.vendor in {"sqlite", "postgresql"}


def test_says_that_this_hosts_clock_is_off_once(
    database_time: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        clock.synchronize()

    # Between two readings of a time that stands still, the test may have stood too.
    told = "this host's clock differs from the database's"
    assert caplog.messages.count(told) == 1


def test_a_clock_that_is_merely_wrong_agrees_and_one_that_steps_does_not(
    database_time: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.synchronize()
    assert clock.agrees()
    slept = time.monotonic() - 60
    monkeypatch.setattr("apps.common.clock.time.monotonic", lambda: slept)

    assert not clock.agrees()
    clock.synchronize()
    assert clock.agrees()


def test_notices_a_step(
    database_time: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.synchronize()
    before = clock.is_steady(timedelta(minutes=1))
    later = database_time + timedelta(hours=1)
    monkeypatch.setattr(clock, "_database_time", lambda: later)

    clock.synchronize()

    assert before
    assert not clock.is_steady(timedelta(minutes=1))
    assert clock.is_steady(timedelta(seconds=-1))
