"""How fast mailings are with 100,000 clients, on PostgreSQL.

Run it in `backend/` with DATABASE_URL naming a database that may be filled:

    python manage.py shell -v 0 -c "from benchmarks import mailings; mailings.main()"

It imports clients, writes out a mailing, sends messages for some seconds through a
gateway of its own that takes 50 ms, beside a bare loop of the same HTTP client against
the same gateway, and reads the numbers of a mailing with a million messages. A line a
figure. What a mailing does to sends over HTTP is in `mailings_and_sends.py`.
"""

import asyncio
import io
import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import psutil
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.common import clock
from apps.delivery.gateway import Endpoint, Gateway
from apps.mailings import chunks, engine, imports, services
from apps.mailings.audit import Author
from apps.mailings.models import Mailing, MailingCounter
from benchmarks import sms_gateway
from benchmarks.sms_gateway import LATENCY_SECONDS

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
    with sms_gateway.running() as url:
        sending(mailing, url)
    numbers()


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


def numbers() -> None:
    """Read the numbers of a mailing with a million messages."""
    mailing = a_large_mailing()
    client = APIClient()
    client.force_authenticate(User.objects.create_superuser("bench", password=None))
    info = f"/api/mailings/{mailing.pk}/info/"
    last = MILLION // 100
    queries = (
        "/api/mailings/fullinfo/",
        info,
        f"{info}?sending_status=sent",
        f"{info}?sending_status=planned",
        f"{info}?page_size=100&page={last}",
    )
    for path in queries:
        times = sorted(timed(partial(client.get, path)) for _ in range(CALLS))
        worst = times[int(CALLS * 0.95)] * 1000
        middle = statistics.median(times) * 1000
        with CaptureQueriesContext(connection) as asked:
            client.get(path)
        what = f"{path} with {MILLION:,} messages"
        found = f"median {middle:.0f} ms, p95 {worst:.0f} ms, at most 150"
        say(what, f"{found}; {len(asked)} queries, at most 3")


def a_large_mailing() -> Mailing:
    """Write a mailing with all its clients and messages, past the engine."""
    mailing = services.create(
        {"text": "Hello", "tag": "large", "date_end": clock.now() + timedelta(days=1)},
        by=Author(),
    )
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(MANY_CLIENTS, [MILLION])
        cursor.execute(MANY_MESSAGES, [mailing.pk])
        cursor.execute(COUNT, [mailing.pk])
        cursor.execute("VACUUM ANALYZE")
    return mailing


MANY_CLIENTS = """
INSERT INTO mailings_client (phone_number, mobile_operator_code, tag, timezone,
    created_at, updated_at)
SELECT '7901' || lpad(n::text, 7, '0'), '901', 'large', 'UTC', now(), now()
FROM generate_series(1, %s) n
"""
# Of a hundred, one failed, one expired, and ten are still to be sent.
MANY_MESSAGES = """
INSERT INTO mailings_message (mailing_id, client_id, message_id, time_create,
    phone_number, text, timezone, sending_status, maybe_sent, attempts,
    next_attempt_at, last_error)
SELECT %s, id, (SELECT max(message_id) FROM mailings_message) + row_number() OVER (),
    now(), phone_number, 'Hello', timezone,
    CASE id %% 100 WHEN 1 THEN 'failed' WHEN 2 THEN 'expired'
        ELSE CASE WHEN id %% 10 = 0 THEN 'planned' ELSE 'sent' END END,
    false, 1, now(), CASE id %% 100 WHEN 1 THEN 'http_400' WHEN 2 THEN 'end' ELSE '' END
FROM mailings_client WHERE tag = 'large'
"""
COUNT = """
UPDATE mailings_mailingcounter SET (total, sent, failed, expired) = (
    SELECT count(*), count(*) FILTER (WHERE sending_status = 'sent'),
        count(*) FILTER (WHERE sending_status = 'failed'),
        count(*) FILTER (WHERE sending_status = 'expired')
    FROM mailings_message WHERE mailing_id = mailings_mailingcounter.mailing_id)
WHERE mailing_id = %s
"""
