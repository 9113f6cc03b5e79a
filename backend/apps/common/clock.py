"""The one clock: the database's time, carried on by the monotonic clock.

A step of this host's wall clock changes nothing, and all hosts agree with the
database. Until a process has synchronized, the wall clock stands in.
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

logger = logging.getLogger(__name__)

# How far apart two clocks are told of; after how large a step mailings wait.
NOTICED = timedelta(seconds=2)
TOLERATED = timedelta(seconds=30)


@dataclass(frozen=True)
class _Anchor:
    database_time: datetime
    monotonic_seconds: float
    wall_ahead: timedelta


class _State:
    anchor: _Anchor | None = None
    stepped_at: float | None = None
    is_off: bool = False


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
    ahead = datetime.now(UTC) - database_time
    old, _State.anchor = _State.anchor, _Anchor(database_time, middle, ahead)
    _notice_difference(ahead)
    if old is not None:
        passed = timedelta(seconds=middle - old.monotonic_seconds)
        _notice_step(database_time - old.database_time - passed)


def _notice_difference(ahead: timedelta) -> None:
    was_off, _State.is_off = _State.is_off, abs(ahead) > NOTICED
    if _State.is_off and not was_off:
        seconds = round(ahead.total_seconds(), 1)
        logger.warning(
            "this host's clock differs from the database's", extra={"seconds": seconds}
        )


def _notice_step(step: timedelta) -> None:
    if abs(step) > NOTICED:
        _State.stepped_at = time.monotonic()
        seconds = round(step.total_seconds(), 1)
        logger.warning("the clock stepped", extra={"seconds": seconds})


def agrees() -> bool:
    """Say whether the wall clock of this host goes on as it did when last compared.

    It does not after a step of it or a sleep of the host, until the next
    synchronization; a clock that is merely wrong by as much as before agrees.
    """
    anchor = _State.anchor
    ahead = anchor.wall_ahead if anchor is not None else timedelta(0)
    return abs(datetime.now(UTC) - now() - ahead) <= TOLERATED


def is_steady(length: timedelta) -> bool:
    """Say whether this process has seen no step of the clock for so long."""
    stepped_at = _State.stepped_at
    if stepped_at is None:
        return True
    return time.monotonic() - stepped_at > length.total_seconds()


def forget() -> None:
    """Return to the wall clock, as in a process that never synchronized."""
    _State.anchor, _State.stepped_at, _State.is_off = None, None, False


def _database_time() -> datetime:
    if connection.vendor == "sqlite":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (value,) = cursor.fetchone()
    assert isinstance(value, datetime)  # noqa: S101  (narrows the driver's Any)
    return value.astimezone(UTC)
