"""Status, readiness and liveness, whatever hangs."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from apps.common import clock, status, tasks
from apps.common.models import SignOfLife
from apps.common.probing import Probe

HANGS_SECONDS = 20.0
LIMIT_SECONDS = status.LIMIT_SECONDS
PARTS = {"database", "channel_layer", "broker", "worker", "beat", "rabbitmq_consumer"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget every answer, and wait for those of a slow machine."""
    monkeypatch.setattr(status, "LIMIT_SECONDS", HANGS_SECONDS)
    probes = (status.SIGNS, status.MIGRATED, status.CHANNEL_LAYER, status.BROKER)
    for probe in probes:
        probe.forget()
    yield
    status.set_draining(False)


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Probe[Any]]:
    """Make a part that does not answer, for which nobody waits longer than usual."""
    monkeypatch.setattr(status, "LIMIT_SECONDS", LIMIT_SECONDS)
    go = threading.Event()
    yield Probe(lambda: go.wait(HANGS_SECONDS))
    go.set()


def ask(client: Client) -> tuple[int, Any]:
    answer = client.get("/api/status/")
    return answer.status_code, answer.json()


def test_a02_tells_every_part_and_the_whole_without_a_login(client: Client) -> None:
    status.sign("worker")
    status.sign("beat")

    code, body = ask(client)

    assert code == 200
    assert body["status"] == "ok"
    assert body["version"]
    assert set(body["parts"]) == PARTS
    assert body["parts"]["worker"]["state"] == "ok"
    assert body["parts"]["worker"]["age_seconds"] < 5
    assert body["parts"]["rabbitmq_consumer"] == {"state": "off", "age_seconds": None}


def test_a02_a_part_that_fell_silent_is_degraded_with_its_age(client: Client) -> None:
    status.sign("beat")
    seen_at = clock.now() - timedelta(seconds=90)
    SignOfLife.objects.create(part="worker", seen_at=seen_at)

    code, body = ask(client)

    assert code == 200
    assert body["status"] == "degraded"
    assert body["parts"]["worker"]["state"] == "degraded"
    assert 89 < body["parts"]["worker"]["age_seconds"] < 99
    assert body["parts"]["beat"]["state"] == "ok"


def test_a02_a_configured_part_that_never_came_is_degraded(
    client: Client,
    settings: Settings,
) -> None:
    settings.RABBITMQ_URL = "amqp://user:secret@queue.example/"

    _, body = ask(client)

    assert body["parts"]["rabbitmq_consumer"]["state"] == "degraded"


def test_a02_answers_503_within_a_second_when_the_database_hangs(
    client: Client,
    hanging: Probe[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status, "SIGNS", hanging)
    before = time.monotonic()

    code, body = ask(client)

    assert code == 503
    assert body["status"] == "down"
    assert body["parts"]["database"]["state"] == "degraded"
    assert time.monotonic() - before < HANGS_SECONDS / 2


def test_a02_answers_within_a_second_when_redis_hangs(
    client: Client,
    hanging: Probe[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signs = Probe(status._ask_signs, fresh_seconds=3600)
    signs.begin().result(HANGS_SECONDS)
    monkeypatch.setattr(status, "SIGNS", signs)
    monkeypatch.setattr(status, "CHANNEL_LAYER", hanging)
    before = time.monotonic()

    code, body = ask(client)

    assert code == 200
    assert body["parts"]["channel_layer"]["state"] == "degraded"
    assert time.monotonic() - before < HANGS_SECONDS / 2


def test_a_redis_that_is_away_degrades_the_channel_layer(
    client: Client,
    settings: Settings,
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    _, body = ask(client)

    assert body["parts"]["channel_layer"]["state"] == "degraded"


def test_is_alive_without_a_database(
    client: Client,
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert answer.status_code == 200


def test_is_ready_when_the_database_answers_and_is_migrated(client: Client) -> None:
    assert client.get("/readyz").status_code == 200


def test_is_not_ready_while_draining(client: Client) -> None:
    status.set_draining(True)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["code"]) == (503, "draining")
    assert client.get("/healthz").status_code == 200


def test_is_not_ready_while_the_database_hangs(
    client: Client,
    hanging: Probe[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status, "SIGNS", hanging)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["code"]) == (503, "database")


def test_is_not_ready_before_all_migrations_are_applied(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(status._State, "migrated", False)
    monkeypatch.setattr(status, "MIGRATED", Probe(lambda: False))

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["code"]) == (503, "migrations")


def test_the_task_is_the_workers_sign_and_not_the_beats() -> None:
    tasks.sign_of_life()

    assert set(SignOfLife.objects.values_list("part", flat=True)) == {"worker"}


def test_only_what_the_beat_published_is_the_beats_sign() -> None:
    tasks.show_beat(headers={"task": tasks.TASK})
    assert not SignOfLife.objects.exists()

    tasks.show_beat(headers={"task": tasks.TASK, **tasks.SENT_BY_BEAT})

    assert set(SignOfLife.objects.values_list("part", flat=True)) == {"beat"}


def test_the_timetable_marks_the_beats_messages(settings: Settings) -> None:
    (entry,) = (
        entry
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if entry["task"] == tasks.TASK
    )

    assert entry["options"]["headers"] == tasks.SENT_BY_BEAT
    assert entry["schedule"] * 2 < status.STALE_SECONDS
