"""What a mailing that runs at full rate does to sends over HTTP.

Run it in `backend/`:

    python -m benchmarks.mailings_and_sends

A server on one core; on the other a process that sends a mailing, PostgreSQL, Redis, a
gateway that takes 50 ms and this program. 50 notifications a second are sent for some
seconds while the mailing is paused, then while it runs, several times in turn.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks import cores, sms_gateway
from benchmarks.contenders import Carillon
from benchmarks.http_client import Connection, Post, connections
from tests.processes import MANAGE, clean_environment, manage, wait_until
from tooling.services.client import Services

RATE = 500
SENDS_PER_SECOND = 50
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = float(os.environ.get("SECONDS", "8"))
WARM_UP_SECONDS = 2.0
CONNECTIONS = 8
PEOPLE = 100
AT_MOST = 1.2
_PREPARE = """
from datetime import timedelta
from django.db import connection
from apps.common import clock
from apps.mailings import chunks, services
with connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO mailings_client (phone_number, mobile_operator_code, tag,"
        " timezone, created_at, updated_at) SELECT '7900' || lpad(n::text, 7, '0'),"
        " '900', '', 'UTC', now(), now() FROM generate_series(1, {count}) n"
    )
end = clock.now() + timedelta(days=1)
mailing = services.create({{"text": "Hello", "date_end": end}}, by=services.Author())
while chunks.materialize_some(mailing.pk, now=clock.now()):
    pass
services.pause(mailing.pk, by=services.Author())
"""


def main() -> None:
    """Start what is needed, measure, and print a line a figure."""
    say("division", f"server on core {cores.SERVER}, all else on {cores.GENERATOR}")
    # What is started from here on inherits it; the server is put elsewhere.
    cores.move_this_process(cores.GENERATOR)
    services = Services()
    try:
        services.start(["postgresql", "redis", "rabbitmq"])
        _run()
    finally:
        services.stop()


def _run() -> None:
    with tempfile.TemporaryDirectory() as name, sms_gateway.running() as url:
        carillon = Carillon(Path(name) / "carillon", people=PEOPLE)
        count = int(2 * ROUNDS * (SECONDS + WARM_UP_SECONDS) * RATE)
        manage(carillon.environment, "shell", "-c", _PREPARE.format(count=count))
        carillon.server.start()
        try:
            with _worker(carillon, url):
                asyncio.run(_measure(carillon))
        finally:
            carillon.stop()


@contextmanager
def _worker(carillon: Carillon, url: str) -> Iterator[None]:
    environment = {
        **carillon.environment,
        "SMS_GATEWAY_URL": url,
        "SMS_GATEWAY_TOKEN": "token",
        "SMS_GATEWAY_RATE": str(RATE),
        "SMS_GATEWAY_CONCURRENCY": "200",
    }
    worker = subprocess.Popen(
        [sys.executable, str(MANAGE), "run_due", "--seconds", "3600"],
        env=clean_environment(environment),
    )
    try:
        yield
    finally:
        worker.kill()
        worker.wait()


def say(what: str, figure: str) -> None:
    """Print a line."""
    print(f"{what}: {figure}", flush=True)


async def _measure(carillon: Carillon) -> None:
    opened = await connections(carillon.port, CONNECTIONS)
    medians: dict[str, list[float]] = {"paused": [], "running": []}
    for _ in range(ROUNDS):
        for status, found in medians.items():
            _turn(carillon, status)
            await _sends(carillon, opened, seconds=WARM_UP_SECONDS)
            before, began = _sent(carillon), time.monotonic()
            latencies = await _sends(carillon, opened, seconds=SECONDS)
            rate = (_sent(carillon) - before) / (time.monotonic() - began)
            found.append(statistics.median(latencies) * 1000)
            say(f"mailing {status}, {rate:.0f} SMS a second", f"{found[-1]:.2f} ms")
    for each in opened:
        each.close()
    _say_medians(medians)


def _say_medians(medians: dict[str, list[float]]) -> None:
    without, beside = (statistics.median(medians[name]) for name in medians)
    what = f"median of POST at {SENDS_PER_SECOND}/s"
    say(f"{what}, without a mailing", f"{without:.2f} ms")
    say(f"{what}, beside one at {RATE}/s", f"{beside:.2f} ms")
    say("raised by", f"{beside / without - 1:.0%}, at most {AT_MOST - 1:.0%}")


def _turn(carillon: Carillon, status: str) -> None:
    """Pause the mailing or let it run, and wait until the worker does so."""
    with psycopg.connect(carillon.environment["DATABASE_URL"]) as connection:
        connection.execute("UPDATE mailings_mailing SET status = %s", [status])
    before = _sent(carillon)
    if status == "running":
        wait_until(lambda: _sent(carillon) > before, seconds=60, what="it runs")


def _sent(carillon: Carillon) -> int:
    with psycopg.connect(carillon.environment["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT sent FROM mailings_mailingcounter").fetchone()
    assert row is not None  # noqa: S101  (there is one mailing)
    return int(row[0])


async def _sends(
    carillon: Carillon, opened: list[Connection], *, seconds: float
) -> list[float]:
    """Send at a steady rate; say how long each took from when it was due."""
    post = Post(carillon.send_path, carillon.send_headers)
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for each in opened:
        idle.put_nowait(each)
    latencies: list[float] = []

    async def send(number: int, due: float) -> None:
        connection = await idle.get()
        person = carillon.people[number % len(carillon.people)]
        body = json.dumps({"user_id": person, "payload": {"order": number}})
        await connection.send(post.with_body(body.encode()))
        latencies.append(time.perf_counter() - due)
        idle.put_nowait(connection)

    began, tasks = time.perf_counter(), []
    for number in range(int(seconds * SENDS_PER_SECOND)):
        due = began + number / SENDS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.ensure_future(send(number, due)))
    await asyncio.gather(*tasks)
    return latencies


if __name__ == "__main__":
    main()
