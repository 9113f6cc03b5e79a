"""What a source's notifications come to outside of the page, counted as it happens."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.accounts.models import ChannelPreference, Team, User, UserProfile
from apps.common import clock
from apps.delivery.base import Receipt
from apps.delivery.tests.faulty_server import FaultyServer, answer, cut
from apps.notifications import deliveries, delivering, figures, services
from apps.notifications.claims import Result, made
from apps.notifications.models import Notification, SourceCounter
from apps.notifications.policy import Draft
from apps.notifications.tests.builders import many_done_with

SENT = answer(200, b'{"code": 0, "message": "OK"}')
SOURCE = "counted:1"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_prefixes", {"counted:"})


@pytest.fixture
def server(settings: Settings) -> Iterator[FaultyServer]:
    with FaultyServer(SENT) as running:
        settings.SMS_GATEWAY_URL = running.url
        yield running


@pytest.fixture
def ann(moment: time_machine.Traveller, server: FaultyServer) -> User:
    team = Team.objects.create(name="Engineering")
    user = User.objects.create(username="ann", email="ann@example.org", team=team)
    UserProfile.objects.create(user=user, phone="79110000000")
    return user


def told(user: User, **more: Any) -> Notification:
    message = {"body": "Text", "channels": ("sms",), "source": SOURCE, **more}
    return services.notify(recipient=user, **message)


def counts() -> dict[str, tuple[int, int]]:
    rows = SourceCounter.objects.values_list("channel", "told", "delivered")
    return {channel: (tried, sent) for channel, tried, sent in rows}


def work(moment: time_machine.Traveller, *, turns: int) -> None:
    for _ in range(turns):
        delivering.work(5)
        moment.shift(timedelta(minutes=15))


def test_each_channel_counts_once_however_many_attempts_it_takes(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = answer(503)
    told(ann, channels=("sms", "email"))

    work(moment, turns=4)

    assert counts() == {"sms": (1, 0), "email": (1, 1)}


def test_one_that_fails_and_is_sent_later_counts_as_sent(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = answer(503)
    told(ann)
    delivering.work(5)
    assert counts() == {"sms": (1, 0)}
    server.respond = SENT

    work(moment, turns=3)

    assert counts() == {"sms": (1, 1)}


def test_an_unknown_outcome_that_is_repeated_counts_once(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = cut
    told(ann)
    delivering.work(5)
    server.respond = SENT

    work(moment, turns=3)

    assert counts() == {"sms": (1, 1)}


def test_a_resend_is_nobody_new(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    notification = told(ann)
    delivering.work(5)

    services.resend(notification.pk)
    work(moment, turns=2)

    assert len(server.requests) == 2
    assert counts() == {"sms": (1, 1)}


def test_a_channel_that_is_left_out_tells_nobody_until_a_resend_takes_it(
    ann: User, moment: time_machine.Traveller
) -> None:
    switch = ChannelPreference.objects.create(
        user=ann, kind="*", channel="sms", enabled=False
    )
    notification = told(ann)
    delivering.work(5)
    assert counts() == {}
    switch.delete()

    services.resend(notification.pk)
    delivering.work(5)

    assert counts() == {"sms": (1, 1)}


def test_an_answer_that_comes_after_the_lease_counts_once(
    ann: User, moment: time_machine.Traveller
) -> None:
    told(ann)
    [job] = deliveries.claim("sms", 5, now=clock.now()) or []
    late = made(job)
    moment.shift(deliveries.lease() + timedelta(seconds=1))
    [again] = deliveries.claim("sms", 5, now=clock.now()) or []

    deliveries.settle([late], now=clock.now())
    deliveries.settle([made(again)], now=clock.now())
    deliveries.settle([late], now=clock.now())

    assert counts() == {"sms": (1, 1)}


def test_a_worker_that_dies_every_time_has_told_and_not_delivered(
    ann: User, moment: time_machine.Traveller
) -> None:
    told(ann)
    for _ in range(12):
        deliveries.claim("sms", 5, now=clock.now())
        moment.shift(timedelta(minutes=10))

    assert counts() == {"sms": (1, 0)}


def test_an_answer_for_what_was_deleted_meanwhile_counts_nothing(
    ann: User, moment: time_machine.Traveller
) -> None:
    told(ann)
    [job] = deliveries.claim("sms", 5, now=clock.now()) or []
    result = made(job)
    ann.delete()

    deliveries.settle([result], now=clock.now())

    assert counts() == {"sms": (1, 0)}


def test_teams_are_counted_apart_and_the_figures_outlive_their_notifications(
    ann: User, moment: time_machine.Traveller
) -> None:
    bob = User.objects.create(username="bob", email="bob@example.org")
    for user in (ann, bob, bob):
        told(user, channels=("email",))
    delivering.work(5)

    assert services.prune(clock.now() + timedelta(days=400)) == 3

    rows = SourceCounter.objects.order_by("team_number")
    assert list(rows.values_list("source", "team_number", "told", "delivered")) == [
        (SOURCE, 0, 2, 2),
        (SOURCE, ann.team_id, 1, 1),
    ]


def test_other_sources_are_not_counted(
    ann: User, moment: time_machine.Traveller
) -> None:
    told(ann, source="service:shop")

    delivering.work(5)

    assert not SourceCounter.objects.exists()


def test_counting_costs_a_claim_and_a_settling_few_queries(
    ann: User, moment: time_machine.Traveller
) -> None:
    def queries(source: str) -> tuple[int, int]:
        draft = Draft(ann.pk, body="Text", channels=("sms",), source=source)
        services.notify_many([draft] * 20)
        with CaptureQueriesContext(connection) as claiming:
            jobs = deliveries.claim("sms", 20, now=clock.now()) or []
        receipt = Receipt(provider_response="OK")
        results = [Result(job=job, receipt=receipt) for job in jobs]
        with CaptureQueriesContext(connection) as settling:
            deliveries.settle(results, now=clock.now())
        return len(claiming), len(settling)

    queries("service:warm")
    usual = queries("service:shop")

    # What is counted is read again before it is settled: three queries more.
    assert queries(SOURCE) == (usual[0] + 2, usual[1] + 5)
    assert counts() == {"sms": (20, 20)}


def test_what_a_source_has_sent_is_found_by_an_index(ann: User) -> None:
    told(ann)
    many_done_with(ann)

    plan = deliveries._sent_outside(SOURCE).values("pk").explain()

    assert "notifications_one_per_idempotency_key" in plan
