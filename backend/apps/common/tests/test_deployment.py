"""What waits in the whole deployment, as Prometheus reads it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.test import Client
from prometheus_client import generate_latest

from apps.common import backlog, clock, deployment, probing, status
from apps.common.models import SignOfLife
from apps.common.probing import Probe

WATCHED = {"broadcasts", "event_sends", "deliveries", "results", "dead_letters"}


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ask at once and in the test's own transaction, which no thread would see."""
    monkeypatch.setattr(deployment, "private_database", nullcontext)
    monkeypatch.setattr(status, "private_database", nullcontext)
    threads = SimpleNamespace(Thread=AtOnce, Lock=threading.Lock)
    monkeypatch.setattr(probing, "threading", threads)
    for probe in (deployment.WAITING, status.SIGNS):
        probe.forget()
    yield
    for probe in (deployment.WAITING, status.SIGNS):
        probe.forget()


class AtOnce:
    """A thread that is over when it begins."""

    def __init__(
        self, *, target: Callable[..., None], args: Sequence[object], **_: object
    ) -> None:
        self._work = partial(target, *args)

    def start(self) -> None:
        """Do all of it."""
        self._work()


@pytest.mark.django_db
def test_every_kind_of_work_that_waits_is_counted(client: Client) -> None:
    now = clock.now()
    letters = apps.get_model("consumers", "DeadLetter")._default_manager
    facts = {"reason": "x", "first_seen_at": now, "last_seen_at": now, "body": b"x"}
    letters.create(**facts, body_size=1)
    letters.create(**facts, body_size=1, sent_again_at=now)

    page = client.get("/metrics").content.decode()

    for what in WATCHED - {"dead_letters"}:
        assert f'carillon_waiting{{what="{what}"}} 0.0' in page
    assert 'carillon_waiting{what="dead_letters"} 1.0' in page


@pytest.mark.django_db
def test_no_more_are_counted_than_anybody_needs_to_know(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backlog, "COUNTED_AT_MOST", 2)
    signs = SignOfLife.objects
    signs.bulk_create(SignOfLife(part=str(n), seen_at=clock.now()) for n in range(3))
    monkeypatch.setattr(backlog, "_watched", {"signs": signs.all})

    labels = {"what": "signs"}
    assert deployment.REGISTRY.get_sample_value("carillon_waiting", labels) == 2


@pytest.mark.django_db
def test_the_age_of_each_sign_of_life_is_told() -> None:
    seen_at = clock.now() - timedelta(seconds=90)
    SignOfLife.objects.create(part="worker", seen_at=seen_at)

    labels = {"part": "worker"}
    age = deployment.REGISTRY.get_sample_value("carillon_part_age_seconds", labels)
    assert age is not None
    assert 90 <= age < 150


def test_a_database_that_is_away_leaves_the_rest_of_the_page(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> dict[str, float]:
        raise OSError

    monkeypatch.setattr(deployment, "WAITING", Probe(fail))
    monkeypatch.setattr(status, "SIGNS", Probe(fail))

    page = client.get("/metrics").content.decode()

    assert "carillon_waiting{" not in page
    assert "carillon_http_requests_total" in page
    assert b"# TYPE carillon_waiting gauge" in generate_latest(deployment.REGISTRY)
