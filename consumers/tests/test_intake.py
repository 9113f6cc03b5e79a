"""What one batch commits, without RabbitMQ."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from django.db import OperationalError

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import services
from apps.notifications.models import Notification
from apps.notifications.policy import Draft
from consumers import dead_letters, inbox, intake, messages, outbox
from consumers.messages import Incoming
from consumers.models import DeadLetter, InboxMessage, OutboxResult
from consumers.tests.builders import a_message
from consumers.worker import Worker


@pytest.fixture
def ann(db: None) -> User:
    """Store a user."""
    return User.objects.create(username="ann")


def copied(row: OutboxResult) -> Incoming:
    """Return the delivery that the dead letters' queue makes of an outbox row."""
    return a_message(
        bytes(row.body),
        is_dead=row.routing_key == messages.DEAD,
        message_id=str(row.key),
        correlation_id=row.correlation_id,
        headers=row.headers,
    )


def test_d07_a_result_is_written_only_for_who_waits_for_one(ann: User) -> None:
    body = {"user_id": ann.pk, "payload": 1}

    rows = intake.take(
        [
            a_message(body),
            a_message(body, correlation_id="c"),
            a_message(body, reply_to="r"),
        ]
    ).rows

    assert [row.routing_key for row in rows] == [messages.RESULT] * 2
    assert [row.correlation_id for row in rows] == ["c", ""]
    assert json.loads(bytes(rows[0].body))["seq"] == 2
    assert OutboxResult.objects.count() == 2


def test_d08_a_message_id_counts_once_per_publisher(ann: User) -> None:
    body = {"user_id": ann.pk, "payload": 1}

    intake.take([a_message(body, message_id="1", app_id="shop") for _ in range(2)])
    intake.take([a_message(body, message_id="1", app_id="shop")])
    intake.take([a_message(body, message_id="1", app_id="bank")])

    assert Notification.objects.count() == 2


def test_d08_without_an_id_only_a_redelivery_is_compared(ann: User) -> None:
    body = {"user_id": ann.pk, "payload": 1}

    intake.take([a_message(body), a_message(body)])
    intake.take([a_message(body, is_redelivered=True) for _ in range(3)])

    # Two were delivered again; the third had not been taken before.
    assert Notification.objects.count() == 3


def test_a_redelivery_after_ten_minutes_counts_as_new(ann: User) -> None:
    body = {"user_id": ann.pk, "payload": 1}
    intake.take([a_message(body)])
    InboxMessage.objects.update(received_at=clock.now() - timedelta(minutes=11))

    intake.take([a_message(body, is_redelivered=True)])

    assert Notification.objects.count() == 2


def test_d08_a_refused_message_is_a_dead_letter_once(ann: User) -> None:
    bad = a_message({"user_id": "x"}, message_id="m", correlation_id="c")

    rows = intake.take([bad]).rows
    repeated = intake.take([copied(rows[0]), copied(rows[0])]).rows

    letter = DeadLetter.objects.get()
    assert (letter.reason, letter.times, letter.message_id) == ("invalid", 1, "m")
    assert bytes(letter.body) == bad.body
    assert repeated == []


@pytest.mark.usefixtures("db")
def test_a_letter_that_dies_again_is_counted_not_doubled() -> None:
    intake.take([copied(intake.take([a_message(b"{")]).rows[0])])

    assert dead_letters.send_again(DeadLetter.objects.all()) == 1
    [again] = OutboxResult.objects.filter(routing_key=messages.SEND)
    intake.take([copied(intake.take([copied(again)]).rows[0])])

    letter = DeadLetter.objects.get()
    assert (letter.times, letter.sent_again_at) == (2, None)


@pytest.mark.usefixtures("db")
def test_a_letter_is_sent_again_once_and_only_whole() -> None:
    now = clock.now()
    facts = {"reason": "x", "first_seen_at": now, "last_seen_at": now, "body": b"ab"}
    DeadLetter.objects.create(**facts, body_size=2)
    DeadLetter.objects.create(**facts, body_size=20)

    assert dead_letters.send_again(DeadLetter.objects.all()) == 1
    assert dead_letters.send_again(DeadLetter.objects.all()) == 0


@pytest.mark.usefixtures("db")
def test_a_message_that_the_broker_let_die_gets_its_error_result() -> None:
    headers = {"x-first-death-reason": "delivery_limit"}
    message = a_message(b"{}", is_dead=True, correlation_id="c", headers=headers)

    [row] = intake.take([message]).rows

    assert json.loads(bytes(row.body))["error"]["code"] == "delivery_limit"
    assert DeadLetter.objects.get().reason == "delivery_limit"


@pytest.mark.usefixtures("db")
def test_headers_of_strangers_do_no_harm() -> None:
    headers = {
        messages.REASON: "r" * 300,
        messages.FIRST_SEEN: "never",
        messages.BODY_SIZE: -1,
        messages.DEAD_LETTER: "no key",
        messages.ORIGINAL_SOURCE: b"\xff",
    }

    intake.take([a_message(b"\x00", is_dead=True, headers=headers)])

    assert DeadLetter.objects.get().reason == "r" * 64


@pytest.mark.usefixtures("db")
def test_a_row_is_claimed_by_one_publisher_and_offered_again_after_its_time() -> None:
    now = clock.now()
    OutboxResult.objects.create(
        routing_key="k", body=b"", created_at=now, due_at=now - timedelta(seconds=1)
    )

    [row] = outbox.claim_due(now=now)
    taken = outbox.claim_due(now=now)
    later = outbox.claim_due(now=now + timedelta(seconds=21))
    outbox.forget_confirmed([row.pk])

    assert taken == []
    assert [each.pk for each in later] == [row.pk]
    assert not OutboxResult.objects.exists()


@pytest.mark.usefixtures("db")
def test_old_message_ids_are_forgotten() -> None:
    intake.take([a_message(b"{}", message_id="m")])

    inbox.prune(before=clock.now() + timedelta(seconds=1))

    assert not InboxMessage.objects.exists()


class Heard:
    """A worker whose reports are kept."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.worker = Worker(
            on_done=lambda message: self.done.append(message.tag),
            on_rows=lambda rows: None,
            on_finished=lambda: None,
        )

    def work(self, batch: Sequence[Incoming]) -> None:
        """Let it take these messages and end, in this thread."""
        for message in batch:
            self.worker.put(message)
        self.worker.end()
        self.worker.run()


def _failing_for(payload: str) -> Callable[[Sequence[Draft]], list[Notification]]:
    real = services.notify_many

    def notify_many(drafts: Sequence[Draft]) -> list[Notification]:
        if any(draft.payload_text == payload for draft in drafts):
            raise ValueError(payload)
        return real(drafts)

    return notify_many


def test_d08_a_message_that_breaks_its_batch_dies_alone(
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "notify_many", _failing_for("3"))
    batch = [a_message({"user_id": ann.pk, "payload": n}) for n in range(5)]
    heard = Heard()

    heard.work(batch)

    payloads = Notification.objects.order_by("seq").values_list("payload", flat=True)
    assert list(payloads) == ["0", "1", "2", "4"]
    assert heard.done[-1] == batch[-1].tag
    reasons = [
        row.headers[messages.REASON]
        for row in OutboxResult.objects.filter(routing_key=messages.DEAD)
    ]
    assert reasons == ["failed"]


def test_d08_a_database_that_comes_back_loses_no_message(
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, failures = services.notify_many, [OperationalError(), OperationalError()]

    def notify_many(drafts: Sequence[Draft]) -> list[Notification]:
        if failures:
            raise failures.pop()
        return real(drafts)

    monkeypatch.setattr(services, "notify_many", notify_many)
    heard = Heard()
    message = a_message({"user_id": ann.pk, "payload": 1})

    heard.work([message])

    assert heard.done == [message.tag]
    assert Notification.objects.count() == 1
    assert not OutboxResult.objects.exists()


def test_deliveries_of_a_lost_channel_are_left_to_the_broker(ann: User) -> None:
    heard = Heard()
    heard.worker.generation = 1

    heard.work([a_message({"user_id": ann.pk, "payload": 1}, generation=0)])

    assert heard.done == []
    assert not Notification.objects.exists()
