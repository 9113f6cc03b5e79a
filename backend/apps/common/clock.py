"""The one clock: the database's time, carried on by the monotonic clock.

A step of this host's wall clock changes nothing, and all hosts agree with the
database. Until a process has synchronized, the wall clock stands in.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection


@dataclass(frozen=True)
class _Anchor:
    database_time: datetime
    monotonic_seconds: float


class _State:
    anchor: _Anchor | None = None


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    anchor = _State.anchor
    if anchor is None:
        return datetime.now(UTC)
    passed = time.monotonic() - anchor.monotonic_seconds
    return anchor.database_time + timedelta(seconds=passed)


def synchronize() -> None:
    """Read the database's time once; long-lived processes call it every 30 s.

    SQLite has no clock of its own, so there the wall clock is read.
    """
    before = time.monotonic()
    database_time = _database_time()
    middle = (before + time.monotonic()) / 2
    _State.anchor = _Anchor(database_time, middle)


def forget() -> None:
    """Return to the wall clock, as in a process that never synchronized."""
    _State.anchor = None


def _database_time() -> datetime:
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (value,) = cursor.fetchone()
    assert isinstance(value, datetime)  # noqa: S101  (narrows the driver's Any)
    return value.astimezone(UTC)
