"""Two beats and two workers over a day, on a database of their own.

Run by `test_contention` inside `manage.py shell` of a process of its own: the tests'
SQLite is in memory and knows no locks between connections.
"""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import time_machine
from django.db import connection
from django.db.models import Sum

from apps.accounts.models import User
from apps.alerts import journal, preferences, tasks
from apps.alerts.models import Alert, AlertCounter, AlertDelivery, AlertHour
from apps.alerts.tests.builders import a_user, an_alert
from apps.common import clock
from apps.common.tests.patience import wait_long_for_the_database

BEGIN = datetime(2030, 1, 2, 10, 0, tzinfo=UTC)
STEP = timedelta(minutes=30)
WORKERS = 2
USERS = 40
HOUR = timedelta(hours=1)
SWEEPS: list[Callable[[], object]] = [
    tasks.send_reminders,
    tasks.reset_daily_snoozes,
    tasks.settle,
    tasks.keep_journal,
]


def main() -> None:
    """Run a day and print what came of it as the last line."""
    wait_long_for_the_database()
    journal.USERS_AT_ONCE = 7
    with time_machine.travel(BEGIN, tick=False) as traveller:
        found = a_day(traveller)
    print(json.dumps(found))  # noqa: T201  (the parent process reads it)


def a_day(traveller: time_machine.Traveller) -> dict[str, Any]:
    """Let two workers do everything twice at every step of 24 hours."""
    users = [a_user(f"day-{n}") for n in range(USERS)]
    now = clock.now()
    day = timedelta(days=1)
    alert = an_alert(start_time=now, expiry_time=now + 2 * day)
    late = an_alert(start_time=now + 3 * HOUR, expiry_time=now + 9 * HOUR)
    failures: Counter[str] = Counter()
    steps = int(day / STEP)
    for step in range(1, steps + 1):
        traveller.shift(STEP)
        failures.update(_at_once())
        if step == steps // 2:
            preferences.mark_read(users[0], alert.pk)
            preferences.snooze(users[1], alert.pk, until=clock.now() + 3 * HOUR)
    _at_once()
    counters = AlertCounter.objects.filter(alert=alert)
    hours = AlertHour.objects.filter(alert=alert)
    return {
        "failures": dict(failures),
        "reminders": _reminders(alert, users),
        "late": _reminders(late, users),
        "counted": counters.aggregate(found=Sum("reminders"))["found"],
        "hours": hours.aggregate(found=Sum("reminders"))["found"],
        "told": counters.aggregate(found=Sum("told"))["found"],
        "is_live": Alert.objects.get(pk=late.pk).is_live,
    }


def _reminders(alert: Alert, users: list[User]) -> dict[str, list[int]]:
    rows = dict(
        AlertDelivery.objects.filter(alert=alert).values_list("user_id", "reminders")
    )
    numbers = [rows.get(user.pk, 0) for user in users]
    return {"first": numbers[:2], "others": sorted(set(numbers[2:]))}


def _at_once() -> list[str]:
    """Run every sweep in each worker, twice, all beginning together."""
    barrier = Barrier(WORKERS * 2)
    failures: list[str] = []

    def work(_: int) -> None:
        barrier.wait(20)
        try:
            for sweep in SWEEPS:
                sweep()
        except Exception as error:  # noqa: BLE001  (told to the parent)
            failures.append(repr(error))
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS * 2) as threads:
        list(threads.map(work, range(WORKERS * 2)))
    # Who found an alert taken leaves it to the next sweep, seconds later.
    for sweep in SWEEPS:
        sweep()
    return failures
