"""How fast mailings are with 100,000 clients, on PostgreSQL.

Run it in `backend/` with DATABASE_URL naming a database that may be filled:

    python manage.py shell -v 0 -c "from benchmarks import mailings; mailings.main()"

It imports clients, writes out a mailing, sends messages for some seconds through a
gateway of its own that takes 50 ms, beside a bare loop of the same HTTP client against
the same gateway, and reads the numbers of a million messages. A line a figure.
"""

import asyncio
import io
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import psutil
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.common import clock
from apps.delivery.gateway import Endpoint, Gateway
from apps.mailings import chunks, engine, imports, services
from apps.mailings.audit import Author
from apps.mailings.models import Mailing, MailingCounter
from benchmarks.sms_gateway import LATENCY_SECONDS
from tooling.services.ports import free_port

CLIENTS = int(os.environ.get("MAILINGS_CLIENTS", "100000"))
MILLION = int(os.environ.get("MAILINGS_MESSAGES", "1000000"))
SECONDS = float(os.environ.get("MAILINGS_SECONDS", "15"))
CONCURRENCY = 200
CALLS = 60


def main() -> None:
    """Fill the database and print the figures."""
    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    say("database", connection.vendor)
    say(f"import of {CLIENTS:,} clients", f"{timed(import_clients):.1f} s")
    mailing = a_mailing()
    say(f"writing out {CLIENTS:,} messages", f"{timed(lambda: write(mailing)):.1f} s")
    with gateway() as url:
        sending(mailing, url)
    numbers(mailing)


def say(what: str, figure: str) -> None:
    """Print a line."""
    print(f"{what}: {figure}", flush=True)


def timed(work: Callable[[], object]) -> float:
    """Say how many seconds it takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def import_clients() -> None:
    """Take a file in, as a worker does."""
    lines = (f"7900{n:07d},bench,Europe/Moscow\n".encode() for n in range(CLIENTS))
    file = io.BytesIO(b"phone_number,tag,timezone\n" + b"".join(lines))
    parts = iter(partial(file.read, imports.PART_BYTES), b"")
    imports.begin(parts, by=Author(), skip_invalid=False)
    imports.run_all(seconds=600)


def a_mailing() -> Mailing:
    """Start one to all of them."""
    now = clock.now()
    return services.create(
        {"text": "Hello", "tag": "bench", "date_end": now + timedelta(days=1)},
        by=Author(),
    )


def write(mailing: Mailing) -> None:
    """Write out its messages."""
    while chunks.materialize_some(mailing.pk, now=clock.now()):
        continue


@contextmanager
def gateway() -> Iterator[str]:
    """Run the gateway in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.sms_gateway", str(port)]
    server = subprocess.Popen(command)
    try:
        while not _answers(port):
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def sending(mailing: Mailing, url: str) -> None:
    """Send with the engine, and with nothing around the client."""
    settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_TOKEN = url, "token"
    settings.SMS_GATEWAY_CONCURRENCY = CONCURRENCY
    bare = asyncio.run(bare_loop(url))
    before = MailingCounter.objects.get(pk=mailing.pk).sent
    seconds = timed(lambda: engine.run(seconds=SECONDS))
    sent = MailingCounter.objects.get(pk=mailing.pk).sent - before
    rate = sent / seconds
    ideal = CONCURRENCY / LATENCY_SECONDS
    say("a bare loop of the HTTP client", f"{bare:.0f} messages a second")
    say("the engine, one process", f"{rate:.0f} messages a second")
    say("of the bare loop", f"{rate / bare:.0%}, at least 70 %")
    say("of concurrency / latency", f"{rate / ideal:.0%}, or at least 60 %")
    memory = psutil.Process().memory_info().rss / 2**20
    say("memory of this process", f"{memory:.0f} MiB, at most 250")


async def bare_loop(url: str) -> float:
    """Send without a database."""
    endpoint = Endpoint(url=url, token="token", timeout_seconds=10)  # noqa: S106  (none)
    end, done = time.monotonic() + SECONDS / 3, 0
    began = time.monotonic()

    async def send_on(client: Gateway) -> None:
        nonlocal done
        while time.monotonic() < end:
            await client.send(message_id=1, phone="79000000000", text="Hello")
            done += 1

    async with Gateway(endpoint) as client:
        await asyncio.gather(*(send_on(client) for _ in range(CONCURRENCY)))
    return done / (time.monotonic() - began)


def numbers(mailing: Mailing) -> None:
    """Read the numbers of a million messages."""
    fill(mailing)
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("bench", password=None))
    for path in ("/api/mailings/fullinfo/", f"/api/mailings/{mailing.pk}/info/"):
        times = sorted(timed(partial(client.get, path)) for _ in range(CALLS))
        worst = times[int(CALLS * 0.95)] * 1000
        middle = statistics.median(times) * 1000
        what = f"{path} with {MILLION:,} messages"
        say(what, f"median {middle:.0f} ms, p95 {worst:.0f} ms, at most 150")


def fill(mailing: Mailing) -> None:
    """Copy messages until there are a million, for mailings of other numbers."""
    copies = MILLION // max(1, CLIENTS) - 1
    for _ in range(copies):
        other = a_mailing()
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(COPY, [other.pk, mailing.pk])
        total = CLIENTS
        MailingCounter.objects.filter(pk=other.pk).update(total=total, sent=total)


COPY = """
INSERT INTO mailings_message (mailing_id, client_id, message_id, time_create,
    phone_number, text, timezone, sending_status, maybe_sent, attempts,
    next_attempt_at, last_error)
SELECT %s, client_id, (SELECT max(message_id) FROM mailings_message) + row_number()
    OVER (), time_create, phone_number, text, timezone, 'sent', false, 1,
    next_attempt_at, ''
FROM mailings_message WHERE mailing_id = %s
"""
