"""Many threads at once, on a database of their own; run by `test_contention`.

It runs inside `manage.py shell` of a process of its own, because the tests' SQLite is
in memory and knows no locks between connections.
"""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import product
from threading import Barrier, Event
from typing import Any

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory

from apps.accounts.models import User
from apps.common import clock, idempotency
from apps.common.tests.patience import wait_long_for_the_database
from apps.notifications import services, tasks
from apps.notifications.models import Broadcast, Notification, Stream
from apps.notifications.services import Ack, Draft
from apps.notifications.tests.builders import a_user
from apps.notifications.tests.clients import a_token


def main() -> None:
    """Run everything and print what came of it as the last line."""
    wait_long_for_the_database()
    settings.ALLOWED_HOSTS = ["*"]
    results = {
        "one_user": one_user(),
        "overlapping": overlapping(),
        "same_key": same_key(),
        "http_key": http_key(),
        "two_at_once": two_at_once(),
        "broadcasts": broadcasts(),
    }
    print(json.dumps(results))  # noqa: T201  (the parent process reads it)


def one_user() -> dict[str, Any]:
    """Send to one user, who has no stream yet, from 40 threads."""
    user = a_user()

    def send(_: int) -> None:
        for number in range(3):
            services.notify(recipient=user.pk, payload=number)

    errors = _at_once(send, range(40))
    return {"errors": errors, "seqs": _seqs(user), "last_seq": _last_seq(user)}


def overlapping() -> dict[str, Any]:
    """Send to overlapping sets of users, in any order, and acknowledge meanwhile."""
    users = [a_user().pk for _ in range(60)]

    def work(number: int) -> None:
        dice = random.Random(number)
        for _ in range(8):
            chosen = dice.sample(users, 30)
            services.notify_many([Draft(each, payload={}) for each in chosen])
            others = dice.sample(users, 20)
            services.acknowledge(
                [Ack(each, up_to=dice.randrange(9)) for each in others]
            )

    errors = _at_once(work, range(8))
    numbers: defaultdict[int, list[int]] = defaultdict(list)
    rows = Notification.objects.filter(recipient_id__in=users).order_by("seq")
    for user_id, seq in rows.values_list("recipient_id", "seq"):
        numbers[user_id].append(seq or 0)
    gapless = all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers.values())
    return {"errors": errors, "gapless": gapless, "rows": rows.count()}


def same_key() -> dict[str, Any]:
    """Use one idempotency key for two users at once."""
    users = [a_user().pk, a_user().pk]

    def send(user_id: int) -> None:
        services.notify(recipient=user_id, payload=1, source="s", idempotency_key="k")

    errors = _at_once(send, users * 10)
    rows = Notification.objects.filter(source="s", idempotency_key="k")
    streams = Stream.objects.filter(user_id__in=users)
    total = sum(streams.values_list("last_seq", flat=True))
    return {"errors": errors, "rows": rows.count(), "numbers": total}


def http_key() -> dict[str, Any]:
    """Post 100 equal requests with one Idempotency-Key."""
    user = a_user()
    token = a_token(a_user(is_admin=True))
    body = json.dumps({"user_id": user.pk, "payload": {"once": True}})
    statuses: Counter[str] = Counter()
    keys: set[str] = set()

    def post(_: int) -> None:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        answer = client.post(
            "/api/notifications/send/",
            body,
            content_type="application/json",
            HTTP_IDEMPOTENCY_KEY="k",
        )
        replayed = " replayed" if "Idempotent-Replayed" in answer else ""
        statuses[f"{answer.status_code}{replayed}"] += 1
        if answer.status_code == 200:
            keys.add(answer.json()["key"])
        if answer.status_code == 409:
            assert answer.json()["code"] == "in_progress"
            assert answer["Retry-After"] == "1"

    errors = _at_once(post, range(100))
    return {
        "errors": errors,
        "statuses": statuses,
        "rows": Notification.objects.filter(recipient=user).count(),
        "keys": len(keys),
    }


def two_at_once() -> str:
    """Send a request again while the first is being served; return what came of it."""
    first_is_in, first_may_end = Event(), Event()

    def slow() -> Response:
        first_is_in.set()
        first_may_end.wait(60)
        return Response({})

    def call(effect: Callable[[], Response]) -> str:
        made = APIRequestFactory().post("/", HTTP_IDEMPOTENCY_KEY="two")
        try:
            answer = idempotency.once(Request(made), caller="two", effect=effect)
        except idempotency.InProgress as error:
            return error.default_code
        finally:
            connection.close()
        return "replayed" if answer.has_header("Idempotent-Replayed") else "done"

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(call, slow)
        first_is_in.wait(60)
        second = threads.submit(call, lambda: Response({}))
        # On PostgreSQL it is told at once; on SQLite it waits for the first.
        wait([second], timeout=30 if connection.vendor == "postgresql" else 1)
        first_may_end.set()
        return f"{first.result()}, {second.result()}"


def broadcasts() -> dict[str, Any]:
    """Run two broadcasts by four workers at once, in small chunks."""
    User.objects.bulk_create(User(username=f"many{n}") for n in range(600))
    rows = [
        Broadcast.objects.create(payload="{}", created_at=clock.now(), recipients=0)
        for _ in range(2)
    ]

    errors = _at_once(lambda _: tasks.run_broadcasts(), range(4))
    tasks.run_broadcasts()
    audience = set(User.objects.values_list("pk", flat=True))
    sent = Counter(
        Notification.objects.filter(broadcast__in=rows).values_list(
            "broadcast_id",
            "recipient_id",
        ),
    )
    expected = set(product([row.pk for row in rows], audience))
    return {
        "errors": errors,
        "complete": set(sent) == expected,
        "most": max(sent.values()),
        "statuses": sorted(Broadcast.objects.values_list("status", flat=True)),
    }


def _at_once(work: Callable[[int], None], numbers: Iterable[int]) -> list[str]:
    """Run the work in as many threads as there are numbers; return what went wrong."""
    each = list(numbers)
    start = Barrier(len(each))

    def one(number: int) -> str:
        start.wait()
        try:
            work(number)
        except Exception as error:  # noqa: BLE001  (all of them are the result)
            return f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(each)) as threads:
        return [error for error in threads.map(one, each) if error]


def _seqs(user: User) -> list[int]:
    rows = Notification.objects.filter(recipient=user).order_by("seq")
    return [seq or 0 for seq in rows.values_list("seq", flat=True)]


def _last_seq(user: User) -> int:
    return Stream.objects.get(user=user).last_seq
