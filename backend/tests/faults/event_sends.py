"""Processes that are killed while they send events; run by `test_event_sends_killed`.

It runs inside `manage.py shell` of a process of its own, because it forks, on prepared
data of its own. A child kills itself as `kill -9` does, right before the n-th
statement that writes, or is killed at a moment that nobody chose.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

from django.conf import settings
from django.db import connection, connections
from django.db.backends.postgresql import base as postgresql

from apps.accounts.models import User
from apps.events import sends, tasks
from apps.events.models import Event, EventMessage, EventSend, EventSendPart
from apps.events.recipients import Part
from apps.events.tests.builders import EMAIL, IN_APP, SMS, a_client, an_event
from apps.notifications import waking
from apps.notifications.models import Delivery, Notification, Stream
from consumers import intake, messages
from consumers.models import OutboxResult
from consumers.tests.builders import a_message

AT_ONCE = 40
DATA = {"number": 7, "name": "Ann"}
WORKERS = 2
# How long workers live at most: longer each time, so that a slow machine gets on too.
LONGER_SECONDS = 0.02
KILLS_AT_ANY_MOMENT = 2

dice = random.Random(20_261_121)


def main() -> None:
    """Run everything and print what came of it as the last line."""
    settings.ALLOWED_HOSTS = ["*"]
    sends.AT_ONCE = AT_ONCE
    # The children are the workers; a thread that wakes others cannot be forked with.
    with mock.patch.object(waking, "wake"):
        print(json.dumps(results()))  # noqa: T201  (the parent process reads it)


def results() -> dict[str, dict[str, Any]]:
    """Run everything and return what came of it."""
    users = User.objects.bulk_create(
        User(username=f"many{n}", email=f"many{n}@example.org") for n in range(70)
    )
    boss = User.objects.create(username="chief", is_admin=True)
    event = an_event(EMAIL, SMS, IN_APP, name="Killed")
    ids = [user.pk for user in users]
    return {
        "before_each_statement": before_each_statement(event, ids),
        "at_any_moment": at_any_moment(event, ids),
        "call": call(event, ids, boss),
        "message": message(event, ids),
    }


def before_each_statement(event: Event, ids: list[int]) -> dict[str, Any]:
    """Kill the first worker before its first statement, the next before its second."""
    row = sends.send(event, parts_to(ids), source="statements")
    kills = 0
    while is_queued(row):
        kills += was_killed(tasks.run_sends, statement=kills + 1)
    return {"kills": kills, **ledger(row, ids)}


def at_any_moment(event: Event, ids: list[int]) -> dict[str, Any]:
    """Let two workers at a time fan out, and kill them when the dice say so.

    Whoever is killed may have been done before; so it goes on until some were not.
    """
    kills = 0
    ledgers: list[dict[str, Any]] = []
    while kills < KILLS_AT_ANY_MOMENT:
        source = f"moments-{len(ledgers)}"
        row = sends.send(event, parts_to(ids), source=source)
        longest = 0.0
        while is_queued(row):
            longest += LONGER_SECONDS
            children = [forked(tasks.run_sends) for _ in range(WORKERS)]
            for child in children:
                time.sleep(dice.uniform(0, longest))
                os.kill(child, signal.SIGKILL)
            kills += sum(ended_by_a_kill(child) for child in children)
        ledgers.append(ledger(row, ids))
    return {"kills": kills, "ledgers": ledgers}


def call(event: Event, ids: list[int], boss: User) -> dict[str, Any]:
    """Kill whoever serves a call, and call again under the same key until it is served.

    Few enough are told that the call itself queues all of them.
    """
    client, few = a_client(boss), ids[:10]
    # What a process does once, it need not do in each child.
    client.get(f"/api/events/{event.pk}/")
    body = {"email": {"user_ids": few, "metadata": DATA}}

    def post() -> None:
        path = f"/api/events/{event.pk}/send_notifications/"
        answer = client.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY="k")
        assert answer.status_code == 202, answer.content

    kills = killed_until_done(post)
    post()
    rows = EventSend.objects.filter(source__startswith="user:")
    told = EventMessage.objects.filter(send__in=rows).count()
    return {"kills": kills, "sends": rows.count(), "told": told, "wanted": len(few)}


def message(event: Event, ids: list[int]) -> dict[str, Any]:
    """Kill whoever takes a message, which RabbitMQ delivers again until it is taken."""
    body = {"event_id": event.pk, "sms": to_phones(), "in_app": to_users(ids)}

    def take() -> None:
        intake.take(
            [
                a_message(
                    body,
                    key=messages.EVENTS,
                    message_id="m",
                    correlation_id="c",
                    app_id="shop",
                )
            ]
        )

    kills = killed_until_done(take)
    take()
    tasks.run_sends()
    rows = EventSend.objects.filter(source="amqp:shop")
    told = EventMessage.objects.filter(send__in=rows).count()
    results = OutboxResult.objects.filter(routing_key=messages.RESULT)
    queued = sum(b'"queued"' in bytes(each.body) for each in results)
    return {
        "kills": kills,
        "sends": rows.count(),
        "told": told,
        "wanted": len(ids) + len(to_phones()["to_phone_number"]),
        "results": queued,
    }


def parts_to(ids: list[int]) -> list[Part]:
    """Tell users by three channels, and strangers by two."""
    addresses = [f"stranger{n}@example.org" for n in range(25)]
    return [
        Part(channel="email", user_ids=ids, addresses=addresses, metadata=DATA),
        Part(channel="in_app", user_ids=ids, metadata=DATA),
        Part(channel="sms", addresses=to_phones()["to_phone_number"], metadata=DATA),
    ]


def to_phones() -> dict[str, Any]:
    """Name thirty phones."""
    phones = [f"7911{n:07d}" for n in range(30)]
    return {"to_phone_number": phones, "metadata": DATA}


def to_users(ids: list[int]) -> dict[str, Any]:
    """Name users."""
    return {"user_ids": ids, "metadata": DATA}


def ledger(row: EventSend, ids: list[int]) -> dict[str, Any]:
    """Compare who was told by which channel with who was to be told."""
    row.refresh_from_db()
    wanted = _wanted(ids)
    made = EventMessage.objects.filter(send=row).select_related(
        "notification__delivery"
    )
    told = Counter((each.channel, _told(each)) for each in made)
    notifications = Notification.objects.filter(source=row.source)
    deliveries = Delivery.objects.filter(notification__source=row.source)
    return {
        "lost": len(wanted - told),
        "doubled": len(told - wanted),
        "status": row.status,
        "uncounted": row.total - row.sent,
        "skipped": row.skipped,
        "notifications_beside": notifications.count() - wanted.total(),
        "deliveries_beside": deliveries.count()
        - sum(count for (channel, _), count in wanted.items() if channel != "in_app"),
        "parts": EventSendPart.objects.filter(send=row).count(),
        "gaps": _gaps(ids),
    }


def _wanted(ids: list[int]) -> Counter[tuple[str, int | str]]:
    wanted: Counter[tuple[str, int | str]] = Counter()
    for part in parts_to(ids):
        wanted.update((part.channel, user_id) for user_id in part.user_ids)
        wanted.update((part.channel, address) for address in part.addresses)
    return wanted


def _told(each: EventMessage) -> int | str:
    found = each.notification
    if found.recipient_id:
        return found.recipient_id
    address: str = found.delivery.addresses[each.channel]
    return address


def _gaps(ids: list[int]) -> int:
    """Count the users whose stream is not numbered from one to its end."""
    last = dict(Stream.objects.filter(user__in=ids).values_list("user", "last_seq"))
    seqs: dict[int, list[int]] = {user_id: [] for user_id in ids}
    rows = Notification.objects.filter(recipient__in=ids, seq__isnull=False)
    for user_id, seq in rows.order_by("seq").values_list("recipient", "seq"):
        seqs[user_id].append(seq or 0)
    return sum(
        found != list(range(1, last.get(user_id, 0) + 1))
        for user_id, found in seqs.items()
    )


def is_queued(row: EventSend) -> bool:
    """Say whether a send still has somebody to tell."""
    row.refresh_from_db()
    return row.status == "queued"


def killed_until_done(work: Callable[[], None]) -> int:
    """Kill before the first statement, before the second, until it needs no more."""
    kills = 0
    while was_killed(work, statement=kills + 1):
        kills += 1
    return kills


def was_killed(work: Callable[[], None], *, statement: int) -> bool:
    """Run work in a child that dies before its n-th statement; say whether it did."""
    return ended_by_a_kill(forked(work, statement=statement))


def forked(work: Callable[[], None], *, statement: int = 0) -> int:
    """Run work in a child; return its process id."""
    # A connection, and the pool's threads, must not be in two processes.
    connections.close_all()
    database = connections["default"]
    if isinstance(database, postgresql.DatabaseWrapper):
        database.close_pool()
    child = os.fork()
    if child == 0:
        _be_the_child(work, statement)
    return child


def _be_the_child(work: Callable[[], None], statement: int) -> None:
    left = statement

    def deadly(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        nonlocal left
        # Before a SELECT nothing is otherwise than before what follows it.
        if sql.startswith("SELECT"):
            return execute(sql, *arguments)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, *arguments)

    try:
        with connection.execute_wrapper(deadly):
            work()
    except BaseException:  # noqa: BLE001  (it must not go on as the parent)
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def ended_by_a_kill(child: int) -> bool:
    """Wait for a child; say whether it was killed.

    Raises: AssertionError where it failed.
    """
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return True
    assert os.WEXITSTATUS(status) == 0, status
    return False
