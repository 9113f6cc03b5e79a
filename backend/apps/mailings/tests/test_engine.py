"""The loop that sends, against a gateway in memory."""

import random
import uuid
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from apps.common import clock
from apps.delivery import providers
from apps.delivery.gateway import Answer
from apps.delivery.models import Breaker
from apps.mailings import chunks, clients, leases, policy, services
from apps.mailings.audit import Author
from apps.mailings.models import (
    Mailing,
    MailingStatus,
    Message,
    MessageAttempt,
    SendingStatus,
)
from apps.mailings.tasks import run_chunks
from apps.mailings.tests.builders import (
    BAD_TOKEN,
    BROKEN,
    CUT,
    GARBAGE,
    HOUR,
    REFUSED,
    REJECTED,
    SENT,
    UNAVAILABLE,
    WRONG,
    FakeGateway,
    a_client,
    a_mailing,
    a_user,
    statuses,
    written,
)
from apps.mailings.tests.test_services import counted, stored
from apps.notifications.models import Notification

BY = Author(None, "test")
Send = Callable[..., bool]
pytestmark = pytest.mark.django_db


def with_clients(count: int, **given: Any) -> Mailing:
    """Store a mailing that is written out to so many clients."""
    for _ in range(count):
        a_client()
    mailing = a_mailing(**given)
    written(mailing)
    return mailing


def void(_: object) -> None:
    """Forget what a call returned."""


def later_if_retried(mailing: Mailing) -> None:
    """Let what waits for another try be due now."""
    retried = mailing.messages.filter(sending_status=SendingStatus.RETRY)
    retried.update(next_attempt_at=clock.now())


def later(mailing: Mailing) -> None:
    """Let what waits for its next try be due now."""
    Message.objects.filter(mailing=mailing).update(next_attempt_at=clock.now())


def test_b20_every_client_is_sent_one_message_with_its_stored_id(send: Send) -> None:
    mailing = with_clients(25)
    gateway = FakeGateway()

    send(gateway)

    rows = mailing.messages.order_by("pk")
    assert statuses(mailing) == [SendingStatus.SENT] * 25
    assert sorted(gateway.received) == sorted(
        (row.message_id, row.phone_number, "Hello") for row in rows
    )
    assert stored(mailing) == counted(mailing)
    assert all(row.time_sent and row.attempts == 1 for row in rows)


def test_b24_what_the_gateway_cannot_take_now_is_tried_again_with_the_same_id(
    send: Send,
) -> None:
    mailing = with_clients(1)
    gateway = FakeGateway([UNAVAILABLE, CUT, SENT])

    for _ in range(3):
        later(mailing)
        send(gateway)

    assert statuses(mailing) == [SendingStatus.SENT]
    assert len({message_id for message_id, _, _ in gateway.received}) == 1
    outcomes = MessageAttempt.objects.order_by("number").values_list("outcome")
    assert [each for (each,) in outcomes] == ["not_sent", "unknown", "sent"]


def test_b24_a_retry_waits_as_long_as_the_gateway_asks(send: Send, moment: Any) -> None:
    mailing = with_clients(1)
    wait = Answer(
        outcome=UNAVAILABLE.outcome, http_status=429, code="http_429", retry_after=120
    )

    send(FakeGateway([wait]))

    assert mailing.messages.get().next_attempt_at == clock.now() + timedelta(minutes=2)


@pytest.mark.parametrize("answer", [WRONG, REJECTED])
def test_b24_what_the_gateway_refuses_has_failed(send: Send, answer: Answer) -> None:
    mailing = with_clients(1)

    send(FakeGateway([answer]))

    assert statuses(mailing) == [SendingStatus.FAILED]
    assert mailing.messages.get().last_error == answer.code


def test_b24_a_refusal_after_an_uncertain_try_stays_uncertain(send: Send) -> None:
    mailing = with_clients(1)
    gateway = FakeGateway([CUT, WRONG])

    send(gateway)
    later(mailing)
    send(gateway)

    assert statuses(mailing) == [SendingStatus.UNKNOWN]


def test_b24_where_ids_are_not_remembered_the_uncertain_is_held(
    send: Send, settings: Any
) -> None:
    settings.SMS_GATEWAY_IDEMPOTENT = False
    mailing = with_clients(1)
    gateway = FakeGateway([CUT])

    send(gateway)
    later(mailing)
    send(gateway)

    assert statuses(mailing) == [SendingStatus.UNKNOWN]
    assert len(gateway.received) == 1


def test_b24_while_the_breaker_is_open_nothing_is_claimed_and_then_one(
    send: Send, moment: Any
) -> None:
    mailing = with_clients(30)
    send(FakeGateway([REFUSED]))
    assert providers.state("sms").breaker == Breaker.OPEN
    later(mailing)
    gateway = FakeGateway()
    send(gateway)
    assert gateway.received == []

    moment.shift(timedelta(seconds=31))
    later(mailing)
    probes: list[int] = []
    gateway.before = lambda: probes.append(
        Message.objects.filter(sending_status="sending").count()
    )
    send(gateway)

    assert probes[0] == 1
    assert providers.state("sms").breaker == Breaker.CLOSED


def test_b24_the_rate_holds_for_all_senders_together(
    send: Send, settings: Any, moment: Any
) -> None:
    settings.SMS_GATEWAY_RATE = 10
    with_clients(30)
    gateway = FakeGateway()

    for _ in range(3):
        send(gateway)
    moment.shift(timedelta(seconds=1))
    send(gateway)

    # Two at once, and no more than a fifth of a second's worth are saved up.
    assert len(gateway.received) == 4


def test_b24_one_mailing_does_not_hold_up_another(send: Send, settings: Any) -> None:
    settings.SMS_GATEWAY_CONCURRENCY = 4
    big = with_clients(20, text="big")
    small = with_clients(1, text="small", tag="")
    gateway = FakeGateway()

    send(gateway)

    texts = [text for _, _, text in gateway.received]
    assert texts.index("small") < len(texts) / 2
    assert {*statuses(big), *statuses(small)} == {SendingStatus.SENT}


def test_b21_the_end_is_looked_at_right_before_writing(send: Send, moment: Any) -> None:
    mailing = with_clients(1)
    gateway = FakeGateway(before=lambda: moment.shift(HOUR))

    send(gateway)

    assert gateway.received == []
    assert statuses(mailing) == [SendingStatus.EXPIRED]


def test_b21_a_retry_after_the_end_is_not_planned(send: Send) -> None:
    mailing = with_clients(2, date_end=clock.now() + timedelta(seconds=30))
    gone = Answer(
        outcome=UNAVAILABLE.outcome, http_status=503, code="http_503", retry_after=60
    )

    send(FakeGateway([gone]))

    assert statuses(mailing) == [SendingStatus.EXPIRED] * 2
    assert {row.last_error for row in mailing.messages.all()} == {"http_503"}


def test_b21_an_error_that_may_hide_an_acceptance_does_not_expire(send: Send) -> None:
    mailing = with_clients(1, date_end=clock.now() + timedelta(seconds=30))
    odd = Answer(
        outcome=UNAVAILABLE.outcome, http_status=500, code="http_500", retry_after=60
    )

    send(FakeGateway([odd]))

    assert statuses(mailing) == [SendingStatus.UNKNOWN]


def test_b23_the_hours_are_looked_at_right_before_writing(
    send: Send, moment: Any
) -> None:
    # It is ten; the hours end at eleven.
    mailing = with_clients(
        1,
        time_start=time(9),
        time_end=time(11),
        date_end=clock.now() + 48 * HOUR,
    )
    gateway = FakeGateway(before=lambda: moment.shift(HOUR))

    send(gateway)

    message = mailing.messages.get()
    assert gateway.received == []
    assert message.sending_status == SendingStatus.PLANNED
    assert message.next_attempt_at == clock.now() + 22 * HOUR
    assert message.attempts == 0


def test_b26_a_paused_mailing_is_not_claimed(send: Send) -> None:
    mailing = with_clients(3)
    services.pause(mailing.pk, by=BY)
    gateway = FakeGateway()

    send(gateway)
    assert gateway.received == []
    services.resume(mailing.pk, by=BY)
    send(gateway)

    assert statuses(mailing) == [SendingStatus.SENT] * 3


def test_b26_what_is_under_way_when_it_is_cancelled_is_still_counted(
    send: Send,
) -> None:
    mailing = with_clients(1)

    def cancel() -> None:
        services.cancel(mailing.pk, by=BY)
        run_chunks(seconds=20)

    send(FakeGateway(before=cancel))
    run_chunks(seconds=20)

    mailing.refresh_from_db()
    assert mailing.status == MailingStatus.CANCELLED
    assert statuses(mailing) == [SendingStatus.SENT]
    assert mailing.ended_at is not None
    assert stored(mailing) == counted(mailing)


def test_b26_a_cancelled_message_that_comes_back_unsent_is_cancelled(
    send: Send,
) -> None:
    mailing = with_clients(1)
    gateway = FakeGateway(
        [UNAVAILABLE], before=lambda: void(services.cancel(mailing.pk, by=BY))
    )

    send(gateway)

    assert statuses(mailing) == [SendingStatus.CANCELLED]


def test_b26_a_deleted_client_is_not_written_to(send: Send) -> None:
    mailing = with_clients(2)
    gone = mailing.messages.order_by("pk")[0]
    Message.objects.filter(pk=gone.pk).update(sending_status="planned")
    gone.client.deleted_at = clock.now()
    gone.client.save(update_fields=["deleted_at"])
    gateway = FakeGateway()

    send(gateway)

    assert [phone for _, phone, _ in gateway.received] != [gone.phone_number]
    assert statuses(mailing) == [SendingStatus.CANCELLED, SendingStatus.SENT]


def test_b26_a_sender_that_died_is_followed_with_the_same_id(
    send: Send, moment: Any
) -> None:
    mailing = with_clients(1)
    message = mailing.messages.get()
    Message.objects.update(
        sending_status="sending", lease_until=clock.now() - timedelta(seconds=1)
    )

    assert chunks.reap_some(now=clock.now()) is False
    gateway = FakeGateway()
    send(gateway)

    message.refresh_from_db()
    assert message.sending_status == SendingStatus.SENT
    assert message.maybe_sent
    assert [each for each, _, _ in gateway.received] == [message.message_id]
    codes = message.tries.order_by("number").values_list("code", flat=True)
    assert list(codes) == ["lost", "0"]


def test_b26_a_sender_that_slept_through_its_lease_writes_nothing(
    send: Send, moment: Any
) -> None:
    mailing = with_clients(1)

    taken_by: list[Any] = []

    def sleep() -> None:
        if not taken_by:
            moment.shift(timedelta(minutes=5))
            chunks.reap_some(now=clock.now())
            Message.objects.update(next_attempt_at=clock.now() + HOUR / 2)
            taken_by.append(True)

    send(FakeGateway([WRONG], before=sleep))

    message = mailing.messages.get()
    assert (message.sending_status, message.last_error) == ("retry", "lost")
    assert stored(mailing) == counted(mailing)


def test_b26_news_of_an_acceptance_counts_though_the_lease_is_lost(
    send: Send, moment: Any
) -> None:
    mailing = with_clients(1)

    def sleep() -> None:
        moment.shift(timedelta(minutes=5))
        chunks.reap_some(now=clock.now())

    send(FakeGateway([SENT], before=sleep))

    assert statuses(mailing) == [SendingStatus.SENT]
    assert stored(mailing) == counted(mailing)


def test_a_wrong_token_pauses_the_mailing_and_tells_its_author(send: Send) -> None:
    author = a_user(is_staff=True)
    mailing = with_clients(3, by=author)

    send(FakeGateway([BAD_TOKEN]))

    mailing.refresh_from_db()
    assert mailing.status == MailingStatus.PAUSED
    assert "http_401" in mailing.reason
    assert set(statuses(mailing)) <= {SendingStatus.RETRY, SendingStatus.PLANNED}
    assert "paused itself" in Notification.objects.get(recipient=author).title


def test_b26_when_the_token_is_mended_a_resumed_mailing_goes_on_at_once(
    send: Send, moment: Any
) -> None:
    mailing = with_clients(3)
    send(FakeGateway([BAD_TOKEN]))

    services.resume(mailing.pk, by=BY)
    moment.shift(timedelta(seconds=6))  # the wait of what was tried
    gateway = FakeGateway()
    send(gateway)
    send(gateway)

    assert statuses(mailing) == [SendingStatus.SENT] * 3
    assert providers.state("sms").breaker == Breaker.CLOSED


def test_a_mailing_of_which_a_fifth_fails_pauses_itself(
    send: Send, settings: Any
) -> None:
    settings.SMS_GATEWAY_CONCURRENCY = 10
    mailing = with_clients(150)

    send(FakeGateway([WRONG]))

    mailing.refresh_from_db()
    assert mailing.status == MailingStatus.PAUSED
    assert "20 %" in mailing.reason
    assert SendingStatus.PLANNED in statuses(mailing)


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_gateway_that_fails_now_and_then_pauses_nothing(
    send: Send, settings: Any, share: float
) -> None:
    settings.SMS_GATEWAY_CONCURRENCY = 20
    mailing = with_clients(250)
    chance = random.Random(7)
    faults = [UNAVAILABLE, CUT, GARBAGE, BROKEN]
    answers = [
        chance.choice(faults) if chance.random() < share else SENT for _ in range(1000)
    ]
    gateway = FakeGateway(answers)

    turns = 0
    while {*statuses(mailing)} != {SendingStatus.SENT} and turns < 20:
        send(gateway)
        later_if_retried(mailing)
        mailing.refresh_from_db()
        assert mailing.status == MailingStatus.RUNNING
        assert providers.state("sms").breaker == Breaker.CLOSED
        turns += 1

    assert statuses(mailing) == [SendingStatus.SENT] * 250
    assert len({message_id for message_id, _, _ in gateway.received}) == 250


def test_a_429_halves_how_many_are_under_way(send: Send, settings: Any) -> None:
    settings.SMS_GATEWAY_CONCURRENCY = 16
    with_clients(40)
    busy = Answer(outcome=UNAVAILABLE.outcome, http_status=429, code="http_429")
    gateway = FakeGateway([busy, SENT])

    send(gateway)

    assert max(gateway.most_active) == 16
    assert gateway.most_active[-1] <= 8


def test_only_as_many_loops_send_as_there_are_places(send: Send, settings: Any) -> None:
    settings.MAILING_ENGINES = 1
    with_clients(1)
    other = uuid.uuid4()
    assert leases.take(other, now=clock.now())
    gateway = FakeGateway()

    assert send(gateway) is False
    leases.give_up(other, now=clock.now())

    assert send(gateway) is True
    assert len(gateway.received) == 1


def test_the_wait_doubles_to_a_quarter_of_an_hour() -> None:
    first = timedelta(seconds=5)
    waits = [policy.delay(n, first=first, retry_after=None) for n in range(1, 40)]

    assert timedelta(seconds=2.5) <= waits[0] <= first
    assert max(waits) <= policy.LONGEST_DELAY
    assert min(waits[10:]) >= policy.LONGEST_DELAY / 2
    asked = policy.delay(1, first=first, retry_after=3600)
    assert asked == policy.LONGEST_DELAY


def test_b25_progress_is_told_at_most_once_a_second(
    send: Send,
    moment: Any,
    published: list[tuple[str, dict[str, Any]]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        mailing = with_clients(30)
    published.clear()

    with django_capture_on_commit_callbacks(execute=True):
        moment.shift(timedelta(seconds=2))
        send(FakeGateway(before=lambda: moment.shift(timedelta(milliseconds=100))))
        run_chunks(seconds=5)

    group = f"mailing.{mailing.pk}"
    watched = [frame for name, frame in published if name == group]
    assert 2 <= len(watched) <= 5
    assert watched[-1]["status"] == "done"
    assert (watched[-1]["sent"], watched[-1]["waiting"]) == (30, 0)
    assert [frame["status"] for name, frame in published if name == "mailings"] == [
        "done"
    ]


def test_a_clients_new_number_does_not_change_what_runs(send: Send) -> None:
    mailing = with_clients(1)
    message = mailing.messages.get()
    clients.update(message.client_id, {"phone_number": "79998887766"})
    gateway = FakeGateway()

    send(gateway)

    assert [phone for _, phone, _ in gateway.received] == [message.phone_number]
