"""Workers that send a mailing are killed, and the end comes in mid-run, on both."""

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.chaos import mailings

SEED = int(os.environ.get("SEED", "20"))
MESSAGES = 2000
KILLS = 5
# More than the gateway takes in this time: 40 at once, 0.2 s each.
IN_MID_RUN: Any = {
    "messages": 1500,
    "seconds": 6,
    "kills": 1,
    "under_way": mailings.WORKERS * mailings.CONCURRENCY,
}


@pytest.fixture
def new_database(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Make databases that are dropped in the end."""
    names: list[str] = []

    def execute(statement: str, name: str) -> None:
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    def make() -> str:
        names.append(f"mailings_{uuid.uuid4().hex}")
        execute("CREATE DATABASE {}", names[-1])
        return urlsplit(postgres_url)._replace(path=f"/{names[-1]}").geturl()

    yield make
    for name in names:
        execute("DROP DATABASE {} WITH (FORCE)", name)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_b26_n3_killed_workers_lose_and_double_nothing_on_sqlite() -> None:
    outcome = mailings.workers_killed(seed=SEED, messages=MESSAGES, kills=KILLS)

    assert outcome.failures == []


@pytest.mark.services
@pytest.mark.timeout(400)
def test_b26_n3_killed_workers_lose_and_double_nothing_on_postgresql(
    new_database: Callable[[], str],
) -> None:
    outcome = mailings.workers_killed(
        seed=SEED, messages=MESSAGES, kills=KILLS, database_url=new_database()
    )

    assert outcome.failures == []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_b21_n4_nothing_leaves_after_an_end_in_mid_run_on_sqlite() -> None:
    outcome = mailings.end_in_mid_run(seed=SEED, **IN_MID_RUN)

    assert outcome.failures == []


@pytest.mark.services
@pytest.mark.timeout(400)
def test_b21_n4_nothing_leaves_after_an_end_in_mid_run_on_postgresql(
    new_database: Callable[[], str],
) -> None:
    outcome = mailings.end_in_mid_run(
        seed=SEED, **IN_MID_RUN, database_url=new_database()
    )

    assert outcome.failures == []
