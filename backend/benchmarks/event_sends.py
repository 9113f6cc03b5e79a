"""How fast an event reaches many: the call, and the fan-out that a worker does.

Run it in `backend/` with DATABASE_URL naming a database that may be filled:

    python manage.py shell -v 0 -c "from benchmarks import event_sends as b; b.main()"

The call is answered by the view in this process; it prints a line a figure. RECIPIENTS
is how many users are told by each of two channels.
"""

import json
import os
import time
from collections.abc import Callable
from unittest import mock

import psutil
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from apps.accounts.models import User
from apps.events import sends, services
from apps.events.models import Event, EventMessage, EventSend
from apps.events.policy import TemplateText
from apps.events.services import Owner
from apps.events.tests.builders import a_client
from apps.notifications import waking
from apps.notifications.models import Delivery, Notification

RECIPIENTS = int(os.environ.get("RECIPIENTS", "10000"))
TEMPLATES = [
    TemplateText(
        channel="email",
        locale="en",
        subject="Order {{ number }}",
        content="Dear {{ name }}, your order {{ number }} is on its way.",
    ),
    TemplateText(channel="in_app", locale="en", subject="Order {{ number }}"),
]
DATA = {"number": "A-1017", "name": "Ann"}
MEGABYTE = 1024 * 1024


def main() -> None:
    """Fill the database and print the figures."""
    call_command("migrate", verbosity=0)
    settings.ALLOWED_HOSTS = ["*"]
    say("database", connection.vendor)
    EventSend.objects.all().delete()
    Notification.objects.all().delete()
    event, ids = _event(), _people()
    before = _megabytes()
    # The worker that is measured is this process.
    with mock.patch.object(waking, "wake"):
        seconds = _timed(lambda: _called(event, ids))
        say(f"the call for 2 × {len(ids)}", f"{seconds:.2f} s")
        seconds = _timed(_fanned_out)
    told = EventMessage.objects.count()
    assert told == 2 * len(ids), told  # noqa: S101  (a benchmark of what was not done is none)
    assert Delivery.objects.count() == len(ids)  # noqa: S101  (as above)
    say("fan-out", f"{told / seconds:.0f} notifications/s, {seconds:.1f} s in all")
    say("memory before and after", f"{before:.0f} MB, {_megabytes():.0f} MB")


def say(name: str, figure: str) -> None:
    """Print one figure."""
    print(f"{name:32} {figure}", flush=True)


def _event() -> Event:
    Event.objects.all().delete()
    return services.create({"name": "Benchmark", "templates": TEMPLATES}, owner=Owner())


def _people() -> list[int]:
    known = User.objects.filter(username__startswith="told-")
    known.delete()
    users = [
        User(username=f"told-{n}", email=f"told-{n}@example.org")
        for n in range(RECIPIENTS)
    ]
    made = User.objects.bulk_create(users, batch_size=1000)
    return [user.pk for user in made]


def _called(event: Event, ids: list[int]) -> None:
    boss, _ = User.objects.get_or_create(username="boss", is_admin=True)
    part = {"user_ids": ids, "metadata": DATA}
    answer = a_client(boss).post(
        f"/api/events/{event.pk}/send_notifications/",
        json.dumps({"email": part, "in_app": part}),
        content_type="application/json",
    )
    assert answer.status_code == 202, answer.content  # noqa: S101  (as above)


def _fanned_out() -> None:
    while sends.send_next_chunk():
        continue


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _megabytes() -> float:
    return psutil.Process().memory_info().rss / MEGABYTE
