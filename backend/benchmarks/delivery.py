"""How fast notifications leave the page, beside the bare clients of the same run.

Run it in `backend/` with DATABASE_URL naming a database that may be filled:

    SMS_GATEWAY_CONCURRENCY=20 EMAIL_CONCURRENCY=20 \
    python manage.py shell -v 0 -c "from benchmarks import delivery; delivery.main()"

A gateway that answers after 50 ms and a real SMTP server run in processes of their
own. It prints a line a figure.
"""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psutil
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from apps.accounts.models import User, UserProfile
from apps.common import clock
from apps.delivery import providers
from apps.delivery.base import Content, Parcel
from apps.delivery.channels import email
from apps.delivery.gateway import Gateway
from apps.notifications import delivering, services
from apps.notifications.models import Delivery, Notification
from apps.notifications.policy import Draft
from benchmarks import beside

COUNT = int(os.environ.get("DELIVERIES", "10000"))
AT_ONCE = 500
SERVERS = "benchmarks.delivery_servers"
FOREVER = 3600.0


def main() -> None:
    """Fill the database and print the figures."""
    call_command("migrate", verbosity=0)
    say("database", connection.vendor)
    with (
        beside.running(SERVERS, "gateway") as gateway_port,
        beside.running(SERVERS, "smtp") as smtp_port,
    ):
        settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{gateway_port}"
        settings.SMS_GATEWAY_TOKEN = "bench"  # noqa: S105  (nobody looks at it)
        settings.EMAIL_BACKEND = "apps.delivery.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp_port
        user = _somebody()
        sms = _compared("sms", _bare_sms, user)
        _compared("email", _bare_mail, user)
        now = clock.now()
        providers.record("email", ok=0, failed=0, refused=5, now=now)
        behind = _delivered(user, ("email", "sms"))
        say("sms behind a dead channel", f"{behind:.0f}/s, {behind / sms:.0%} of sms")
    memory = psutil.Process().memory_info().rss / 1024 / 1024
    say("memory of this process", f"{memory:.0f} MB")


def say(name: str, figure: str) -> None:
    """Print one figure."""
    print(f"{name:32} {figure}", flush=True)


def _compared(name: str, bare: Callable[[], None], user: User) -> float:
    began = time.perf_counter()
    bare()
    alone = COUNT / (time.perf_counter() - began)
    rate = _delivered(user, (name,))
    say(name, f"{rate:.0f}/s, {rate / alone:.0%} of the bare client's {alone:.0f}/s")
    return rate


def _delivered(user: User, channels: tuple[str, ...]) -> float:
    Notification.objects.all().delete()
    for _ in range(0, COUNT, AT_ONCE):
        drafts = [
            Draft(user.pk, title="Hi", body="Text", channels=channels)
            for _ in range(AT_ONCE)
        ]
        services.notify_many(drafts)
    began = time.perf_counter()
    delivering.work(FOREVER)
    seconds = time.perf_counter() - began
    sent = Delivery.objects.filter(status="sent").count()
    assert sent == COUNT, sent  # noqa: S101  (a benchmark of what was not done is none)
    return COUNT / seconds


def _bare_sms() -> None:
    async def send_all() -> None:
        numbers = iter(range(1, COUNT + 1))

        async def send_some(gateway: Gateway) -> None:
            for number in numbers:
                await gateway.send(message_id=number, phone="79110000000", text="Text")

        async with Gateway() as gateway:
            clients = range(settings.SMS_GATEWAY_CONCURRENCY)
            await asyncio.gather(*(send_some(gateway) for _ in clients))

    asyncio.run(send_all())


def _bare_mail() -> None:
    parcels = (
        Parcel(
            address="ann@example.org",
            content=Content(subject="Hi", text="Text"),
            message_id=1,
            key=str(number),
        )
        for number in range(COUNT)
    )
    with ThreadPoolExecutor(settings.EMAIL_CONCURRENCY) as pool:
        for _ in pool.map(email.send, parcels):
            continue


def _somebody() -> User:
    user, _ = User.objects.get_or_create(username="bench", email="ann@example.org")
    UserProfile.objects.update_or_create(user=user, defaults={"phone": "79110000000"})
    return user
