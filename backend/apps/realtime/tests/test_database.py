"""The database threads of the socket edge."""

import asyncio
import threading

import pytest

from apps.realtime.database import THREADS, Database, DatabaseUnavailable
from tests.processes import manage


async def test_a_slow_call_costs_its_caller_an_error_and_nobody_else() -> None:
    impatient, patient = Database(timeout_seconds=0.1), Database(timeout_seconds=60)
    release = threading.Event()
    slow = asyncio.create_task(patient.run(release.wait))
    await asyncio.sleep(0)

    assert await patient.run(lambda: 42) == 42
    assert not slow.done()
    with pytest.raises(DatabaseUnavailable):
        await impatient.run(release.wait)
    release.set()
    await slow
    for database in (impatient, patient):
        database.stop()


async def test_what_the_function_raises_reaches_the_caller() -> None:
    database = Database()

    def fail() -> None:
        message = "no"
        raise LookupError(message)

    with pytest.raises(LookupError):
        await database.run(fail)
    database.stop()


async def test_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.realtime.database.WAITING_LIMIT", 2)
    database = Database(timeout_seconds=60)
    release = threading.Event()
    waiting = [asyncio.create_task(database.run(release.wait)) for _ in range(2)]
    await asyncio.sleep(0)

    with pytest.raises(DatabaseUnavailable):
        await database.run(lambda: 1)

    release.set()
    await asyncio.gather(*waiting)
    database.stop()


async def test_a_call_that_nobody_waits_for_any_more_never_begins() -> None:
    database = Database(timeout_seconds=60)
    release, all_busy = threading.Event(), threading.Barrier(THREADS + 1)
    begun: list[int] = []

    def work() -> None:
        all_busy.wait(20)
        release.wait()

    busy = [asyncio.create_task(database.run(work)) for _ in range(THREADS)]
    await asyncio.to_thread(all_busy.wait, 20)
    database._timeout_seconds = 0.1

    with pytest.raises(DatabaseUnavailable):
        await database.run(begun.append, 1)
    release.set()
    await asyncio.gather(*busy)

    # As long as the threads are not told to end, they take what is queued.
    await asyncio.to_thread(database._threads.shutdown)
    assert begun == []
    database.stop()


@pytest.mark.services
def test_requests_cannot_use_up_the_connections_of_sockets(
    postgres_url: str,
) -> None:
    script = """
import asyncio, threading
from django.db import connection
from apps.realtime.database import Database
release, held = threading.Event(), threading.Barrier(3)

def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 42")
        return cursor.fetchone()[0]

def request():
    ask()
    held.wait(60)
    release.wait(60)
    connection.close()

for _ in range(2):
    threading.Thread(target=request).start()
held.wait(60)
try:
    database = Database(timeout_seconds=60, has_own_connections=True)
    print(asyncio.run(database.run(ask)))
    database.stop()
finally:
    release.set()
"""
    environment = {"DATABASE_URL": postgres_url, "DATABASE_POOL_SIZE": "2"}

    said = manage(environment, "shell", "-v0", "-c", script)

    assert said.strip() == "42"
