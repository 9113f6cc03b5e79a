"""What one batch commits, without RabbitMQ."""

import json
import queue
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from unittest.mock import Mock

import pytest
from django.db import DataError, OperationalError
from psycopg.errors import LockNotAvailable, QueryCanceled

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import services
from apps.notifications.entries import Refusal
from apps.notifications.models import Notification
from apps.notifications.policy import Draft
from consumers import dead_letters, inbox, intake, messages, outbox, worker
from consumers.intake import Taken
from consumers.messages import Incoming
from consumers.models import DeadLetter, InboxMessage, OutboxResult
from consumers.tests.builders import a_message
from consumers.worker import Chores, Worker


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


def test_messages_without_an_id_are_counted(ann: User) -> None:
    body = {"user_id": ann.pk, "payload": 1}

    taken = intake.take([a_message(body), a_message(body, message_id="1")])

    assert (taken.created, taken.without_id) == (2, 1)


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

    assert len(dead_letters.send_again(DeadLetter.objects.all())) == 1
    [again] = OutboxResult.objects.filter(routing_key=messages.SEND)
    intake.take([copied(intake.take([copied(again)]).rows[0])])

    letter = DeadLetter.objects.get()
    assert (letter.times, letter.sent_again_at) == (2, None)


@pytest.mark.usefixtures("db")
def test_a_letter_is_sent_again_once_and_only_whole() -> None:
    now = clock.now()
    facts = {"reason": "x", "first_seen_at": now, "last_seen_at": now, "body": b"ab"}
    whole = DeadLetter.objects.create(**facts, body_size=2)
    DeadLetter.objects.create(**facts, body_size=20)

    assert dead_letters.send_again(DeadLetter.objects.all()) == [whole.pk]
    assert dead_letters.send_again(DeadLetter.objects.all()) == []


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
        messages.ORIGINAL_ID: "m" * 300,
    }

    intake.take([a_message(b"\x00", is_dead=True, headers=headers)])

    letter = DeadLetter.objects.get()
    assert (letter.reason, letter.message_id) == ("r" * 64, "m" * 255)


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
def test_ids_are_forgotten_soon_again_while_there_are_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long_ago = clock.now() - timedelta(days=365)
    intake.take([a_message(b"{}", message_id=str(n)) for n in range(3)])
    InboxMessage.objects.update(received_at=long_ago)
    monkeypatch.setattr(inbox, "PRUNED_AT_ONCE", 2)
    clock_of_worker = Mock(monotonic=Mock(return_value=0.0))
    monkeypatch.setattr(worker, "time", clock_of_worker)
    chores = Chores(lambda rows: None)
    left = []

    for now in (0.0, 0.5, 1.5):
        clock_of_worker.monotonic.return_value = now
        chores.do(is_connected=False, may_publish=False)
        left.append(InboxMessage.objects.count())

    assert left == [1, 1, 0]


@pytest.mark.usefixtures("db")
def test_old_message_ids_are_forgotten() -> None:
    intake.take([a_message(b"{}", message_id="m")])

    inbox.prune(before=clock.now() + timedelta(seconds=1))

    assert not InboxMessage.objects.exists()


class Heard:
    """A worker whose reports are kept."""

    def __init__(self) -> None:
        self.done: list[int] = []
        # Whether all before were done too, each time that something was.
        self.at_once: list[bool] = []
        self.worker = Worker(
            on_done=self._hear,
            on_rows=lambda rows: None,
            on_finished=lambda: None,
        )

    def _hear(self, batch: Sequence[Incoming], are_all_before: bool) -> None:
        self.done += [message.tag for message in batch]
        self.at_once.append(are_all_before)

    def turn(self) -> None:
        """Let it take what waits, in this thread."""
        batch, _ = self.worker._next_batch()
        self.worker._work(batch)

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


def test_d08_a_dead_letter_whose_headers_break_it_is_kept_without_them(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = dead_letters.store

    def store(dead: Sequence[Incoming], *, now: datetime) -> None:
        if any(message.headers for message in dead):
            raise DataError
        real(dead, now=now)

    monkeypatch.setattr(dead_letters, "store", store)
    heard = Heard()
    message = a_message(b"{", is_dead=True, headers={messages.REASON: "r"})

    heard.work([message])

    assert heard.done == [message.tag]
    assert DeadLetter.objects.get().reason == "unknown"


def test_d08_a_single_message_waits_for_no_others() -> None:
    message = a_message(b"{}")
    waiting = Mock(
        get=Mock(return_value=message), get_nowait=Mock(side_effect=queue.Empty)
    )
    listening = Heard().worker
    listening._queue = waiting

    batch, is_last = listening._next_batch()

    assert (batch, is_last) == ([message], False)
    # It looks once more, without waiting.
    assert len(waiting.method_calls) == 2


def test_bodies_that_are_large_together_are_not_taken_together(
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    real = intake.take

    def take(batch: Sequence[Incoming], *, verdict: Refusal | None = None) -> Taken:
        sizes.append(len(batch))
        return real(batch, verdict=verdict)

    monkeypatch.setattr(intake, "take", take)
    monkeypatch.setattr("consumers.worker.BATCH_BYTES", 100)
    body = {"user_id": ann.pk, "payload": "x" * 50}

    Heard().work([a_message(body) for _ in range(5)])

    assert sizes == [2, 2, 1]


def test_a_batch_that_takes_too_long_is_taken_one_by_one(
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = services.notify_many

    def notify_many(drafts: Sequence[Draft]) -> list[Notification]:
        if len(drafts) > 1:
            raise OperationalError from QueryCanceled()
        return real(drafts)

    monkeypatch.setattr(services, "notify_many", notify_many)
    heard = Heard()
    batch = [a_message({"user_id": ann.pk, "payload": n}) for n in range(3)]

    heard.work(batch)

    assert heard.done == [each.tag for each in batch]
    assert Notification.objects.count() == 3
    assert not OutboxResult.objects.exists()


def test_who_is_held_up_waits_alone_and_in_order(
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bob = User.objects.create(username="bob")
    held, real = {ann.pk}, services.notify_many

    def notify_many(drafts: Sequence[Draft]) -> list[Notification]:
        if any(draft.recipient_id in held for draft in drafts):
            raise OperationalError from LockNotAvailable()
        return real(drafts)

    monkeypatch.setattr(services, "notify_many", notify_many)
    monkeypatch.setattr(services, "held_by_others", lambda _: set(held))
    heard = Heard()
    of_ann, of_bob = (
        [a_message({"user_id": user.pk, "payload": n}) for n in range(2)]
        for user in (ann, bob)
    )
    for message in (of_ann[0], *of_bob):
        heard.worker.put(message)

    heard.turn()

    assert heard.done == [each.tag for each in of_bob]
    # The later one of hers is known by now to be held up too.
    heard.worker.put(of_ann[1])
    heard.turn()
    assert Notification.objects.filter(recipient=ann).count() == 0
    held.clear()
    heard.turn()
    assert heard.done == [each.tag for each in (*of_bob, *of_ann)]
    assert heard.at_once == [False, True]
    mine = Notification.objects.filter(recipient=ann).order_by("seq")
    assert list(mine.values_list("payload", flat=True)) == ["0", "1"]


def test_deliveries_of_a_lost_channel_are_left_to_the_broker(ann: User) -> None:
    heard = Heard()
    heard.worker.generation = 1

    heard.work([a_message({"user_id": ann.pk, "payload": 1}, generation=0)])

    assert heard.done == []
    assert not Notification.objects.exists()
