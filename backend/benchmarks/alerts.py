"""How fast alerts are with 100,000 users, on PostgreSQL.

Run it in `backend/` with DATABASE_URL naming a database that may be filled:

    python manage.py shell -v 0 -c "from benchmarks import alerts; alerts.main()"

It migrates, fills users, alerts, preferences and the log, and prints a line a figure.
Requests go through Django's test client, in this process; only the open pages have a
server of their own.
"""

import json
import os
import statistics
import sys
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

from apps.accounts import tokens
from apps.accounts.models import Team, User
from apps.alerts import journal, preferences, services, tasks
from apps.alerts.models import Alert, AlertDelivery, UserAlertPreference
from apps.alerts.services import Author
from apps.common import clock
from benchmarks import alert_sockets

USERS = int(os.environ.get("ALERTS_USERS", "100000"))
TEAMS = 100
ALERTS = 200
EVERYONE = 5
CALLS = 200
DAY = timedelta(days=1)


def main() -> None:
    """Fill the database and print the figures."""
    settings.ALLOWED_HOSTS = ["*"]
    call_command("migrate", verbosity=0)
    say("database", connection.vendor)
    seconds = timed(fill)
    say("filling", f"{seconds:.1f} s")
    reading()
    analytics()
    publishing()
    alert_sockets.showing()
    sweep()


def fill() -> None:
    """Make users in teams, alerts, and what people did with them."""
    teams = [Team(name=f"bench {n}") for n in range(TEAMS)]
    Team.objects.bulk_create(teams)
    for begin in range(0, USERS, 5000):
        User.objects.bulk_create(
            User(username=f"bench-{n}", team=teams[n % TEAMS])
            for n in range(begin, min(USERS, begin + 5000))
        )
    for number in range(ALERTS):
        publish(number, teams)
    while journal.tell_some(clock.now()):
        continue
    fill_preferences()
    while journal.count_preferences():
        continue
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def publish(number: int, teams: list[Team]) -> Alert:
    """Write an alert: the first few to everyone, the others to teams."""
    now = clock.now()
    everyone = number < EVERYONE
    return services.create(
        {
            "title": f"Alert {number}",
            "message": "Text. " * 20,
            "severity": ("info", "warning", "critical")[number % 3],
            "visibility_type": "organization" if everyone else "team",
            "target_teams": [] if everyone else [teams[number % TEAMS].pk],
            "start_time": now - DAY,
            "expiry_time": now + 7 * DAY,
        },
        by=Author(),
    )


def fill_preferences() -> None:
    """Let a third of everybody read the alerts to everyone."""
    now = clock.now()
    users = list(User.objects.values_list("pk", flat=True)[: USERS // 3])
    for alert in Alert.objects.filter(visibility_type="organization"):
        UserAlertPreference.objects.bulk_create(
            (
                UserAlertPreference(
                    alert=alert,
                    user_id=pk,
                    state="read",
                    read_at=now,
                    first_read_at=now,
                )
                for pk in users
            ),
            batch_size=5000,
        )


def reading() -> None:
    """Ask for the list and the dashboard as many different users."""
    chosen = list(User.objects.order_by("?")[:CALLS])
    clients = []
    for user in chosen:
        made = tokens.create_token(user, lifetime=DAY, now=clock.now())
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {made.token}")
        clients.append(client)
    for path in ("/api/user/alerts/", "/api/user/dashboard/"):
        measure(path, clients)


def analytics() -> None:
    """Ask for the figures."""
    measure("/api/admin/alerts/analytics/", [administrator()] * 20)


def administrator() -> APIClient:
    """Log an administrator in."""
    user, _ = User.objects.get_or_create(username="bench-admin", is_admin=True)
    made = tokens.create_token(user, lifetime=DAY, now=clock.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {made.token}")
    return client


def measure(path: str, clients: list[APIClient]) -> None:
    """Call a path once as each and print queries and times."""
    clients[0].get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = clients[0].get(path)
        queries = len(captured)
    assert answer.status_code == 200, answer.content  # noqa: S101  (a benchmark)
    times, busy = [], []
    for client in clients:
        begin = time.process_time()
        times.append(timed(partial(client.get, path)))
        busy.append(time.process_time() - begin)
    say(path, f"{queries} queries, {spread(times)}, of it processor {spread(busy)}")


def publishing() -> None:
    """Write alerts to everyone over HTTP."""
    client = administrator()
    now = clock.now()
    body = {
        "title": "To everyone",
        "message": "Now.",
        "severity": "critical",
        "visibility_type": "organization",
        "start_time": (now - DAY).isoformat(),
        "expiry_time": (now + DAY).isoformat(),
        "reminders_enabled": False,
    }
    text = json.dumps(body)

    def post() -> None:
        client.post("/api/admin/alerts/", text, content_type="application/json")

    times = [timed(post) for _ in range(20)]
    say("publishing to everyone", spread(times))
    Alert.objects.filter(title="To everyone").update(is_active=False, told_cursor=None)


def sweep() -> None:
    """Remind everybody of one alert, and everybody of all of them."""
    process = psutil.Process()
    alert = Alert.objects.filter(visibility_type="organization").order_by("pk").first()
    assert alert is not None  # noqa: S101  (narrows the type)
    earlier = clock.now() - timedelta(hours=3)
    Alert.objects.exclude(pk=alert.pk).update(reminders_enabled=False)
    Alert.objects.filter(pk=alert.pk).update(created_at=earlier, start_time=earlier)
    before = process.memory_info().rss
    seconds = timed(tasks.send_reminders)
    reminded = AlertDelivery.objects.filter(alert=alert, reminders=1).count()
    grown = (process.memory_info().rss - before) / 1_048_576
    say(
        "a sweep that reminds of one alert",
        f"{seconds:.1f} s for {reminded} of {USERS} people, "
        f"memory +{grown:.1f} MiB, log of {AlertDelivery.objects.count()} rows",
    )
    again = timed(tasks.send_reminders)
    twice = AlertDelivery.objects.filter(alert=alert, reminders__gt=1).count()
    say("the same again", f"{again:.2f} s, {twice} reminded twice")
    user = User.objects.filter(username="bench-7").get()
    say(
        "marking as read",
        f"{timed(lambda: preferences.mark_read(user, alert.pk)) * 1000:.1f} ms",
    )


def timed(work: Callable[[], object]) -> float:
    """Do it and say how many seconds it took."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def spread(times: list[float]) -> str:
    """Say the median, and what 95 of 100 stay below."""
    most = statistics.quantiles(times, n=20)[-1]
    return f"median {statistics.median(times) * 1000:.1f} ms, p95 {most * 1000:.1f} ms"


def say(what: str, found: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{what:40} {found}\n")
    sys.stdout.flush()
