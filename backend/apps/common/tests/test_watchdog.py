"""The watchdog and a database that answers, fails, or does neither."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.common import metrics, watchdog
from apps.common.watchdog import Watchdog


class Database:
    """A connection whose answers a test decides."""

    def __init__(self) -> None:
        self.let_answer = threading.Event()
        self.let_answer.set()
        self.is_down = False
        self.questions = 0
        self.closed = 0

    def cursor(self) -> "Database":
        return self

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def execute(self, sql: str) -> None:
        self.questions += 1
        self.let_answer.wait(20)
        if self.is_down:
            raise OperationalError

    def fetchone(self) -> tuple[int]:
        return (1,)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def dog(database: Database) -> Iterator[Watchdog]:
    dog = Watchdog(
        lambda: cast("BaseDatabaseWrapper", database),
        interval_seconds=0.01,
        patience_seconds=0.1,
    )
    dog.start()
    yield dog
    dog.stop()
    database.let_answer.set()
    dog._thread.join(20)


def becomes(condition: Callable[[], Any], *, within_seconds: float = 20) -> bool:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)
    return False


def test_an_answering_database_answers(dog: Watchdog, database: Database) -> None:
    assert becomes(lambda: database.questions > 3)
    assert becomes(dog.is_answering)


def test_notices_a_database_that_hangs_and_that_it_is_back(
    dog: Watchdog,
    database: Database,
) -> None:
    database.let_answer.clear()

    assert becomes(lambda: not dog.is_answering())
    database.let_answer.set()
    assert becomes(dog.is_answering)


def test_notices_a_database_that_refuses_and_connects_anew(
    dog: Watchdog,
    database: Database,
) -> None:
    database.is_down = True

    assert becomes(lambda: not dog.is_answering())
    assert becomes(lambda: database.closed > 0)
    database.is_down = False
    assert becomes(dog.is_answering)


def test_one_slow_answer_is_no_outage(database: Database) -> None:
    dog = Watchdog(
        lambda: cast("BaseDatabaseWrapper", database),
        interval_seconds=0.01,
        patience_seconds=60,
    )
    database.let_answer.clear()
    dog.start()

    assert becomes(lambda: database.questions == 1)
    assert dog.is_answering()
    dog.stop()
    database.let_answer.set()


def test_counts_as_answering_where_nobody_watches() -> None:
    watchdog.stop()

    assert watchdog.is_answering()
    assert metrics.REGISTRY.get_sample_value("carillon_database_answering") == 1


@pytest.mark.django_db(transaction=True)
def test_watches_the_configured_database() -> None:
    watchdog.start()
    watchdog.start()
    running = watchdog._State.watchdog
    assert running is not None

    assert becomes(watchdog.is_answering)
    watchdog.stop()
    assert watchdog.is_answering()
    running._thread.join(20)
