"""Many threads at once, on a database of their own; run by `test_contention`.

It runs inside `manage.py shell` of a process of its own, because the tests' SQLite is
in memory and knows no locks between connections.
"""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.conf import settings
from django.db import connection

from apps.accounts import preferences
from apps.accounts.models import ChannelPreference, User
from apps.common.tests.patience import wait_long_for_the_database
from apps.events import sends, tasks
from apps.events.models import Event, EventMessage, EventSend
from apps.events.recipients import Part
from apps.events.tests.builders import EMAIL, IN_APP, a_client, an_event

DATA = {"number": 7, "name": "Ann"}
CALLS = 100


def main() -> None:
    """Run everything and print what came of it as the last line."""
    wait_long_for_the_database()
    settings.ALLOWED_HOSTS = ["*"]
    event = an_event(EMAIL, IN_APP)
    results = {
        "one_key": one_key(event),
        "workers": workers(event),
        "choices": choices(),
    }
    print(json.dumps(results))  # noqa: T201  (the parent process reads it)


def one_key(event: Event) -> dict[str, Any]:
    """Post 100 equal calls with one Idempotency-Key."""
    boss = User.objects.create(username="boss", is_admin=True)
    body = {"email": {"to_email": ["a@example.org"], "metadata": DATA}}
    statuses: Counter[int] = Counter()

    clients = [a_client(boss) for _ in range(CALLS)]

    def post(number: int) -> None:
        answer = clients[number].post(
            f"/api/events/{event.pk}/send_notifications/",
            body,
            format="json",
            HTTP_IDEMPOTENCY_KEY="k",
        )
        statuses[answer.status_code] += 1

    errors = at_once(post, CALLS)
    return {
        "errors": errors,
        "others": sorted(set(statuses) - {202, 409}),
        "taken": statuses[202] >= 1,
        "sends": EventSend.objects.count(),
        "messages": EventMessage.objects.count(),
    }


def workers(event: Event) -> dict[str, Any]:
    """Fan two sends out by four workers at once, in small pieces."""
    sends.AT_ONCE = 50
    users = User.objects.bulk_create(User(username=f"many{n}") for n in range(300))
    ids = [user.pk for user in users]
    EventSend.objects.all().delete()
    for _ in range(2):
        part = Part(channel="in_app", user_ids=ids, metadata=DATA)
        sends.send(event, [part], source="test")

    errors = at_once(lambda _: tasks.run_sends(), 4)
    tasks.run_sends()
    told = Counter(
        EventMessage.objects.values_list("send_id", "notification__recipient_id")
    )
    return {
        "errors": errors,
        "told": len(told),
        "most": max(told.values()),
        "statuses": sorted(EventSend.objects.values_list("status", flat=True)),
    }


def choices() -> dict[str, Any]:
    """Change one user's preferences from 20 threads."""
    user = User.objects.create(username="ann")

    def change(number: int) -> None:
        said = {"message": {"sms": number % 2 == 0}, f"kind{number}": {"sms": False}}
        preferences.change(user, choices=said, hours=None)

    errors = at_once(change, 20)
    return {
        "errors": errors,
        "rows": ChannelPreference.objects.filter(user=user).count(),
    }


def at_once(work: Callable[[int], None], count: int) -> list[str]:
    """Run the work in so many threads; return what went wrong."""
    start = Barrier(count)

    def one(number: int) -> str:
        start.wait()
        try:
            work(number)
        except Exception as error:  # noqa: BLE001  (all of them are the result)
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(count) as threads:
        return [error for error in threads.map(one, range(count)) if error]
