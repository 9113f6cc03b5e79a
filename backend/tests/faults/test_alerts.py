"""Alerts when Redis is away, and when a worker is killed in the middle of a sweep."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance.door import Deployment, Door
from tests.conformance.test_alerts import publish, until
from tests.faults.test_redis import Redis
from tests.processes import MANAGE, clean_environment, manage
from tests.supply import Running

ARRIVES_SECONDS = 6.0
USERS = 400

PREPARE = f"""
from datetime import timedelta
from apps.accounts.models import User
from apps.alerts.models import Alert
from apps.alerts.tests.builders import an_alert
from apps.common import clock
User.objects.bulk_create(User(username=f"user-{{n}}") for n in range({USERS}))
alert = an_alert()
earlier = clock.now() - timedelta(hours=3)
Alert.objects.update(created_at=earlier, start_time=earlier)
"""
SWEEP = """
import time
from apps.alerts import journal, reminders
from apps.alerts.models import Alert
from apps.common import clock
journal.USERS_AT_ONCE = 10
alert = Alert.objects.get()
while reminders.remind_some(alert.pk, now=clock.now()):
    print("batch", flush=True)
    time.sleep(0.3)
"""
FINISH = """
import json
from django.db.models import Max, Min, Sum
from apps.alerts import tasks
from apps.alerts.models import AlertCounter, AlertDelivery
before = AlertDelivery.objects.filter(reminders=1).count()
tasks.send_reminders()
tasks.send_reminders()
rows = AlertDelivery.objects.aggregate(least=Min("reminders"), most=Max("reminders"))
counted = AlertCounter.objects.aggregate(counted=Sum("reminders"))
told = AlertDelivery.objects.count()
print(json.dumps({"before": before, "rows": told, **rows, **counted}))
"""


@pytest.mark.slow
def test_a30_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    environment = {"DATA_DIR": str(tmp_path)}
    manage(environment, "migrate", "--verbosity", "0")
    manage(environment, "shell", "-v", "0", "-c", PREPARE)
    with subprocess.Popen(
        [sys.executable, str(MANAGE), "shell", "-v", "0", "-c", SWEEP],
        env=clean_environment(environment),
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        for _ in range(3):
            assert worker.stdout.readline() == "batch\n"
        worker.kill()

    printed = manage(environment, "shell", "-v", "0", "-c", FINISH)

    found = json.loads(printed.splitlines()[-1])
    assert 30 <= found.pop("before") < USERS
    assert found == {"rows": USERS, "least": 1, "most": 1, "counted": USERS}


@pytest.fixture
def own_redis(tmp_path: Path, redis_url: str) -> Iterator[Redis]:
    """Start a Redis of the test's own."""
    redis = Redis(tmp_path)
    redis.start()
    yield redis
    redis.kill()


@pytest.mark.services
def test_an_alert_published_while_redis_is_away_is_shown_within_six_seconds(
    own_redis: Redis,
    start_outside_server: Callable[..., Running],
    enter: Callable[[Deployment], Door],
) -> None:
    running = start_outside_server(REDIS_URL=own_redis.url, WS_POLL_SECONDS="2")
    door = enter(running.deployment)
    person, other = door.person(), door.person()
    socket, foreign = person.tab(), other.tab()
    first = publish(door, person)
    until(socket, "published", first)

    own_redis.kill()
    second = publish(door, person)
    snapshot = socket.until("alerts", seconds=ARRIVES_SECONDS)

    assert snapshot["alerts"][0]["id"] == second
    # It concerns nobody else, so nobody else is sent anything.
    assert not [f for f in foreign.quiet() if f["type"] in {"alert", "alerts"}]
