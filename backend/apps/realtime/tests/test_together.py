"""What many sockets want at the same moment is asked once."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence

import pytest

from apps.realtime.database import THREADS, Database, DatabaseUnavailable
from apps.realtime.together import AT_ONCE, JOBS, Together


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database(timeout_seconds=5)
    yield database
    database.stop()


async def test_what_is_asked_at_once_is_one_call(database: Database) -> None:
    calls: list[int] = []

    def doubled(numbers: Sequence[int]) -> list[int]:
        calls.append(len(numbers))
        return [2 * number for number in numbers]

    together = Together(database, doubled)
    answers = await asyncio.gather(*(together.ask(number) for number in range(50)))

    assert answers == [2 * number for number in range(50)]
    assert calls == [50]


async def test_a_thousand_are_asked_in_bounded_batches(database: Database) -> None:
    calls: list[int] = []

    def same(numbers: Sequence[int]) -> Sequence[int]:
        calls.append(len(numbers))
        return numbers

    together = Together(database, same)
    answers = await asyncio.gather(*(together.ask(number) for number in range(1000)))

    assert answers == list(range(1000))
    assert max(calls) == AT_ONCE


async def test_an_exception_among_the_answers_is_its_askers_alone(
    database: Database,
) -> None:
    def odd_ones(numbers: Sequence[int]) -> list[int | Exception]:
        return [one if one % 2 else LookupError(str(one)) for one in numbers]

    together = Together(database, odd_ones)
    answers = await asyncio.gather(
        *(together.ask(number) for number in range(4)),
        return_exceptions=True,
    )

    assert [type(answer) for answer in answers] == [LookupError, int] * 2


async def test_a_call_that_fails_fails_for_all_and_the_next_works(
    database: Database,
) -> None:
    def broken(numbers: Sequence[int]) -> Sequence[int]:
        if 0 in numbers:
            raise ZeroDivisionError
        return numbers

    together = Together(database, broken)
    failed = await asyncio.gather(
        *(together.ask(number) for number in range(3)),
        return_exceptions=True,
    )

    assert [type(each) for each in failed] == [ZeroDivisionError] * 3
    assert await together.ask(1) == 1


async def test_who_waits_is_not_timed_out_by_those_before() -> None:
    # The limit of a call begins with the call: none is handed over to wait there.
    database = Database(timeout_seconds=60)
    begun: list[int] = []

    def slow(numbers: Sequence[int]) -> Sequence[int]:
        begun.append(database._waiting)
        time.sleep(0.05)
        return numbers

    together = Together(database, slow)
    calls = [together.ask(number) for number in range(10 * AT_ONCE)]

    assert await asyncio.gather(*calls) == list(range(10 * AT_ONCE))
    assert len(begun) == 10
    assert max(begun) <= JOBS < THREADS
    database.stop()


async def test_an_answer_that_does_not_come_is_an_error(database: Database) -> None:
    release = threading.Event()

    def stuck(numbers: Sequence[int]) -> Sequence[int]:
        release.wait()
        return numbers

    together = Together(database, stuck, wait_seconds=0.1)
    first = [asyncio.create_task(together.ask(0)) for _ in range(JOBS)]
    await asyncio.sleep(0)

    with pytest.raises(DatabaseUnavailable, match="waiting"):
        await together.ask(1)

    release.set()
    await asyncio.gather(*first, return_exceptions=True)
