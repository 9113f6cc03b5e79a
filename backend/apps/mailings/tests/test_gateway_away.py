"""A gateway at which nobody answers for as long as the mailing lasts."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.common import clock
from apps.delivery import providers
from apps.delivery.models import Breaker
from apps.mailings import panel, selectors
from apps.mailings.models import MailingStatus, MessageAttempt, SendingStatus
from apps.mailings.tasks import run_chunks
from apps.mailings.tests.builders import (
    HOUR,
    FakeGateway,
    a_client,
    a_mailing,
    a_user,
    statuses,
)
from apps.mailings.tests.conftest import Send
from apps.mailings.tests.test_services import counted, stored
from apps.notifications.models import Notification

CLIENTS = 60
CONCURRENCY = 5
STEP = timedelta(minutes=5)
pytestmark = pytest.mark.django_db


@pytest.fixture
def nobody(settings: Any) -> Iterator[None]:
    """Point the gateway's real client at a port that nobody listens on, or can."""
    settings.SMS_GATEWAY_CONCURRENCY = CONCURRENCY
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.SMS_GATEWAY_URL = f"http://127.0.0.1:{taken.getsockname()[1]}"
        yield


def test_b24_a_gateway_that_is_away_for_the_whole_mailing_costs_no_attempts(
    nobody: None,
    send: Send,
    moment: Any,
    published: list[tuple[str, dict[str, Any]]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    author = a_user(is_staff=True)
    for _ in range(CLIENTS):
        a_client()
    mailing = a_mailing(by=author, date_end=clock.now() + HOUR)
    breakers = set()

    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(HOUR // STEP):
            run_chunks(seconds=20)
            send(None)
            breakers.add(providers.state("sms").breaker)
            assert SendingStatus.SENT not in statuses(mailing)
            assert SendingStatus.SENDING not in statuses(mailing)
            moment.shift(STEP)
    during = panel.rendered(selectors.mailings().get(), now=clock.now())
    told = [frame for name, frame in published if name == f"mailing.{mailing.pk}"]
    with django_capture_on_commit_callbacks(execute=True):
        run_chunks(seconds=20)

    # Those that were under way when it opened, and one at a time from then on.
    assert breakers == {Breaker.OPEN}
    assert MessageAttempt.objects.count() <= 4 * CONCURRENCY + HOUR // STEP
    assert set(MessageAttempt.objects.values_list("code", flat=True)) == {"connect"}
    assert "does not answer as it should" in during
    assert "does not answer as it should" in told[-1]["reason"]
    # At the end every message has ended, with the reason, and everybody is told.
    assert statuses(mailing) == [SendingStatus.EXPIRED] * CLIENTS
    assert set(mailing.messages.values_list("last_error", flat=True)) == {
        "gateway away"
    }
    assert stored(mailing) == counted(mailing)
    mailing.refresh_from_db()
    assert (mailing.status, mailing.reason) == (
        MailingStatus.DONE,
        "The SMS gateway was away at the end",
    )
    news = Notification.objects.get(recipient=author)
    assert news.severity == "warning"
    assert "gateway was away" in news.body
    last = [frame for name, frame in published if name == f"mailing.{mailing.pk}"][-1]
    assert (last["status"], last["expired"], last["waiting"]) == ("done", CLIENTS, 0)


def test_b24_a_gateway_that_comes_back_is_sent_the_rest(
    nobody: None, send: Send, moment: Any
) -> None:
    for _ in range(CLIENTS):
        a_client()
    mailing = a_mailing(date_end=clock.now() + HOUR)
    run_chunks(seconds=20)
    send(None)

    moment.shift(STEP)
    gateway = FakeGateway()
    for _ in range(2):
        send(gateway)
    run_chunks(seconds=20)

    mailing.refresh_from_db()
    assert statuses(mailing) == [SendingStatus.SENT] * CLIENTS
    assert (mailing.status, mailing.reason) == (MailingStatus.DONE, "")
