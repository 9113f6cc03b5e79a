"""Events from RabbitMQ: what one batch commits, without RabbitMQ."""

import json
from typing import Any

import pytest

from apps.accounts.models import User
from apps.events import sends
from apps.events.models import Event, EventSend
from apps.events.tests.builders import EMAIL, IN_APP, an_event
from apps.notifications.models import Notification
from consumers import dead_letters, intake, messages
from consumers.messages import Incoming
from consumers.models import DeadLetter, OutboxResult
from consumers.tests.builders import a_message

DATA = {"number": 7, "name": "Ann"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def event(db: None) -> Event:
    """Store an event."""
    return an_event(EMAIL, IN_APP)


@pytest.fixture
def ann(db: None) -> User:
    """Store a user."""
    return User.objects.create(username="ann", email="ann@example.org")


def of_event(body: object, **fields: Any) -> Incoming:
    return a_message(body, key=messages.EVENTS, **{"correlation_id": "c", **fields})


def to(event: Event, user: User) -> dict[str, Any]:
    return {
        "event_id": event.pk,
        "email": {"user_ids": [user.pk], "to_email": ["b@x.org"], "metadata": DATA},
        "in_app": {"user_ids": [user.pk], "metadata": DATA},
    }


def results(taken: intake.Taken) -> list[dict[str, Any]]:
    return [
        json.loads(bytes(row.body))
        for row in taken.rows
        if row.routing_key == messages.RESULT
    ]


def test_e07_an_event_is_queued_for_a_worker_and_its_publisher_told(
    event: Event,
    ann: User,
) -> None:
    taken = intake.take([of_event(to(event, ann), app_id="shop")])

    row = EventSend.objects.get()
    [told] = results(taken)
    assert (told["status"], told["id"], told["event_id"]) == (
        "queued",
        row.pk,
        event.pk,
    )
    assert told["recipients"] == {"email": 2, "in_app": 1}
    assert taken.rows[0].correlation_id == "c"
    assert (row.status, row.source) == ("queued", "amqp:shop")
    assert not Notification.objects.exists()
    sends.send_next_chunk()
    assert Notification.objects.count() == 3


def test_e07_a_message_id_counts_once(event: Event, ann: User) -> None:
    body = to(event, ann)

    intake.take([of_event(body, message_id="1") for _ in range(2)])
    [told] = results(intake.take([of_event(body, message_id="1")]))

    assert told == {"status": "duplicate"}
    assert EventSend.objects.count() == 1


def test_e07_events_and_notifications_share_a_batch(event: Event, ann: User) -> None:
    note = {"user_id": ann.pk, "payload": 1}

    taken = intake.take([a_message(note), of_event(to(event, ann)), a_message(note)])

    assert EventSend.objects.count() == 1
    assert Notification.objects.count() == 2
    assert taken.created == 5


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"event_id": None}, "invalid", "event_id"),
        ({"event_id": True}, "invalid", "event_id"),
        ({"event_id": 2**63}, "invalid", "event_id"),
        ({"event_id": 999_999}, "event_not_found", "event_id"),
        ({"fax": {}}, "invalid", "fax"),
        ({"email": {"to_email": ["nobody"]}}, "invalid", "email.to_email"),
        ({"email": {"metadata": {}}}, "invalid", "email.metadata.name"),
        ({"in_app": {"user_ids": [0]}}, "invalid", "in_app.user_ids.0"),
    ],
    ids=str,
)
def test_e07_what_cannot_be_sent_is_told_and_a_dead_letter(
    event: Event,
    ann: User,
    change: dict[str, Any],
    code: str,
    field: str,
) -> None:
    taken = intake.take([of_event({**to(event, ann), **change})])

    [told] = results(taken)
    assert told["error"]["code"] == code
    assert field in told["error"]["errors"]
    assert not EventSend.objects.exists()
    [dead] = [row for row in taken.rows if row.routing_key == messages.DEAD]
    assert dead.headers[messages.ORIGINAL_KEY] == messages.EVENTS


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"event_id": 1, "event_id": 2}'])
def test_e07_what_is_no_json_object_is_refused(body: bytes) -> None:
    [told] = results(intake.take([of_event(body)]))

    assert told["error"]["code"] == "bad_json"


@pytest.mark.parametrize(
    "headers",
    [
        {messages.REASON: "invalid", messages.ORIGINAL_KEY: messages.EVENTS},
        {
            "x-first-death-reason": "delivery_limit",
            "x-first-death-queue": "eu.events.send",
        },
    ],
    ids=["by us", "by the broker"],
)
def test_e07_a_dead_letter_goes_back_to_the_queue_it_came_from(
    db: None,
    headers: dict[str, str],
) -> None:
    dead = a_message({"event_id": 1}, is_dead=True, key=messages.DEAD, headers=headers)
    intake.take([dead])
    letter = DeadLetter.objects.get()

    dead_letters.send_again(DeadLetter.objects.all())

    again = OutboxResult.objects.get(headers__has_key=messages.DEAD_LETTER)
    assert letter.routing_key == again.routing_key == messages.EVENTS
