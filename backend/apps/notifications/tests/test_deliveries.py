"""What leaves the page: one row for the ladder, one for each attempt."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import ChannelPreference, User, UserProfile
from apps.common import clock
from apps.conftest import BEGIN
from apps.delivery import channels, providers
from apps.delivery.base import Content, Parcel, Receipt
from apps.delivery.tests.faulty_server import FaultyServer, Request, answer, cut
from apps.notifications import (
    deliveries,
    delivering,
    faults,
    selectors,
    services,
    states,
)
from apps.notifications.claims import made
from apps.notifications.models import Delivery, Notification, NotificationAttempt
from apps.notifications.policy import Draft, DraftError

SENT = answer(200, b'{"code": 0, "message": "OK"}')
LADDER = ("email", "sms", "telegram")
pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer(SENT) as running:
        yield running


@pytest.fixture(autouse=True)
def outside(settings: Settings, server: FaultyServer) -> Settings:
    """Have the gateway and Telegram where the test can see them."""
    settings.SMS_GATEWAY_URL = server.url
    settings.TELEGRAM_API_URL = server.url
    settings.TELEGRAM_BOT_TOKEN = "1:canary"
    return settings


@pytest.fixture
def ann(db: None) -> User:
    user = User.objects.create(username="ann", email="ann@example.org")
    UserProfile.objects.create(user=user, phone="79110000000", telegram_chat_id="5")
    return user


def told(user: User | None, **more: Any) -> Notification:
    message = {"title": "Hi", "body": "Text", "channels": LADDER, **more}
    return services.notify(recipient=user, **message)


def row(notification: Notification) -> Delivery:
    return Delivery.objects.get(pk=notification.pk)


def attempts(notification: Notification) -> list[tuple[str, int, str]]:
    rows = NotificationAttempt.objects.filter(delivery=notification.pk).order_by("id")
    return list(rows.values_list("channel", "number", "status"))


def work_until_it_ends(
    moment: time_machine.Traveller, notification: Notification, *, turns: int = 20
) -> Delivery:
    for _ in range(turns):
        delivering.work(5)
        if row(notification).status != "pending":
            break
        moment.shift(timedelta(seconds=45))
    return row(notification)


def test_the_first_channel_that_succeeds_is_enough(
    ann: User, moment: time_machine.Traveller
) -> None:
    notification = told(ann)

    delivering.work(5)

    assert attempts(notification) == [("email", 1, "sent")]
    assert (row(notification).status, row(notification).channel) == ("sent", "email")
    [message] = mail.outbox
    assert (message.subject, message.body, message.to) == (
        "Hi",
        "Text",
        ["ann@example.org"],
    )


def test_what_is_not_for_the_page_never_shows_there(
    ann: User, moment: time_machine.Traveller
) -> None:
    notification = told(ann, expires_at=BEGIN + timedelta(hours=1))

    assert notification.seq is None
    assert list(selectors.inbox(ann.pk)) == []
    assert selectors.counts(ann.pk).total == 0
    assert selectors.head(ann.pk).unread == 0
    assert selectors.position(ann.pk).last_seq == 0
    assert states.mark_read(ann.pk, [notification.key]) == 0
    moment.shift(timedelta(hours=2))
    assert states.expire_due(clock.now()) == 1
    assert services.prune(clock.now() + timedelta(days=400)) == 1


def test_a_notification_for_the_page_costs_no_query_more(
    ann: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    services.notify(recipient=ann, payload={"a": 1})

    with django_assert_num_queries(4):
        services.notify(recipient=ann, payload={"a": 1})

    assert not Delivery.objects.exists()


def test_each_channel_says_its_own_words(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    told(
        ann,
        mode="all",
        channels=("email", "sms"),
        contents={
            "email": Content(subject="S", text="T", html="<b>H</b>"),
            "sms": Content(text="short"),
        },
    )

    delivering.work(5)

    [message] = mail.outbox
    assert message.alternatives[0][0] == "<b>H</b>"  # type: ignore[union-attr]  # has an HTML part
    assert server.requests[0].json()["text"] == "short"


def test_an_address_needs_no_user(
    db: None, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    notification = told(None, channels=("sms",), addresses={"sms": "79115550000"})

    delivering.work(5)

    assert row(notification).status == "sent"
    assert server.requests[0].json()["phone"] == 79115550000
    assert notification.recipient is None


def test_three_attempts_with_one_id_then_the_next_channel(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = answer(503)
    notification = told(ann, channels=("sms", "email"))

    done = work_until_it_ends(moment, notification)

    assert attempts(notification) == [
        ("sms", 1, "failed"),
        ("sms", 2, "failed"),
        ("sms", 3, "failed"),
        ("email", 1, "sent"),
    ]
    assert done.channel == "email"
    assert len({request.json()["id"] for request in server.requests}) == 1


def test_without_an_address_there_is_one_attempt(
    ann: User, moment: time_machine.Traveller
) -> None:
    UserProfile.objects.filter(user=ann).update(phone="")
    notification = told(ann, channels=("sms", "email"))

    delivering.work(5)

    assert attempts(notification) == [("sms", 1, "failed"), ("email", 1, "sent")]
    first = NotificationAttempt.objects.get(channel="sms")
    assert "no address" in first.error


def test_a_channel_that_is_off_says_what_to_set(
    ann: User, moment: time_machine.Traveller, outside: Settings
) -> None:
    outside.TELEGRAM_BOT_TOKEN = ""
    notification = told(ann, channels=("telegram",))

    delivering.work(5)

    assert row(notification).status == "failed"
    assert "TELEGRAM_BOT_TOKEN" in NotificationAttempt.objects.get().error


def test_the_gateway_says_when_to_come_back(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = answer(429, Retry_After="120")
    notification = told(ann, channels=("sms",))

    delivering.work(5)

    assert row(notification).next_at == BEGIN + timedelta(seconds=120)


def test_a_wrong_token_burns_no_attempt_and_tells_the_administrators(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    chief = User.objects.create(username="chief", is_admin=True)
    server.respond = answer(401)
    notification = told(ann, channels=("sms",))

    delivering.work(5)

    assert attempts(notification) == [("sms", 1, "deferred")]
    assert row(notification).held
    assert row(notification).hold_reason == "provider"
    assert faults.tell_administrators(clock.now()) == 1
    assert faults.tell_administrators(clock.now()) == 0
    assert "sms" in selectors.inbox(chief.pk).get().title
    server.respond = SENT
    assert work_until_it_ends(moment, notification).status == "sent"
    assert attempts(notification) == [("sms", 1, "sent")]


def test_a_provider_in_trouble_is_passed_over(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    providers.record("sms", ok=0, failed=0, refused=5, now=clock.now())
    notification = told(ann, channels=("sms", "email"))

    delivering.work(5)

    assert attempts(notification) == [("email", 1, "sent")]
    assert server.requests == []


def test_one_probe_goes_to_a_provider_that_may_be_well_again(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    providers.record("sms", ok=0, failed=0, refused=5, now=clock.now())
    for _ in range(10):
        told(ann, channels=("sms",))
    server.respond = answer(500)
    moment.shift(timedelta(seconds=31))

    delivering.work(5)

    assert len(server.requests) == 1
    server.respond = SENT
    moment.shift(timedelta(seconds=61))
    delivering.work(5)
    moment.shift(timedelta(seconds=61))
    delivering.work(5)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}


def test_an_unknown_outcome_is_repeated_where_the_gateway_knows_the_id(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = cut
    notification = told(ann, channels=("sms", "email"))
    delivering.work(5)
    assert attempts(notification) == [("sms", 1, "unknown")]
    server.respond = SENT

    work_until_it_ends(moment, notification)

    assert attempts(notification) == [("sms", 1, "unknown"), ("sms", 2, "sent")]
    first, second = server.requests
    assert first.path == second.path


def test_an_unknown_outcome_is_held_elsewhere_and_a_person_goes_on(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = cut
    notification = told(ann, channels=("telegram", "email"))

    delivering.work(5)
    moment.shift(timedelta(days=1))
    delivering.work(5)

    assert attempts(notification) == [("telegram", 1, "unknown")]
    assert (row(notification).status, row(notification).held) == ("pending", True)
    deliveries.go_on(notification.pk)
    delivering.work(5)
    assert row(notification).channel == "email"


def test_a_channel_with_a_mistake_stops_nobody_else(
    ann: User, moment: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(parcel: Parcel) -> Receipt:
        raise ZeroDivisionError

    monkeypatch.setattr(channels.get("telegram"), "send", send)
    wrong = told(ann, channels=("telegram",))
    right = told(ann, channels=("email",))

    delivering.work(5)

    assert attempts(wrong) == [("telegram", 1, "unknown")]
    assert row(wrong).held
    assert "ZeroDivisionError" in wrong.delivery.attempts.get().error
    assert row(right).status == "sent"


def test_resending_is_a_new_round_under_a_new_id(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    notification = told(ann, channels=("sms",))
    delivering.work(5)

    services.resend(notification.pk)
    delivering.work(5)

    assert attempts(notification) == [("sms", 1, "sent"), ("sms", 1, "sent")]
    assert row(notification).round == 2
    first, second = server.requests
    assert first.json()["id"] != second.json()["id"]


def test_cancelling_ends_it_once(ann: User, moment: time_machine.Traveller) -> None:
    notification = told(ann)

    services.cancel(notification.pk)
    delivering.work(5)

    assert attempts(notification) == []
    assert row(notification).status == "cancelled"
    with pytest.raises(deliveries.NotPossibleError, match="already"):
        services.cancel(notification.pk)


def test_withdrawing_stops_what_has_not_left(
    ann: User, moment: time_machine.Traveller
) -> None:
    notification = told(ann)

    services.withdraw([notification.key])
    delivering.work(5)

    assert row(notification).status == "cancelled"
    assert mail.outbox == []


def test_reading_in_time_keeps_it_on_the_page(
    ann: User, moment: time_machine.Traveller
) -> None:
    notification = told(
        ann,
        channels=("in_app", "email"),
        until="read",
        wait=[timedelta(seconds=30)],
    )
    delivering.work(5)
    assert attempts(notification) == []

    states.mark_read(ann.pk, [notification.key])
    moment.shift(timedelta(seconds=31))
    delivering.work(5)

    assert attempts(notification) == []
    assert (row(notification).status, row(notification).channel) == ("sent", "in_app")


def test_who_does_not_read_in_time_gets_a_mail(
    ann: User, moment: time_machine.Traveller
) -> None:
    notification = told(
        ann,
        channels=("in_app", "email"),
        until="read",
        wait=[timedelta(seconds=30)],
    )

    moment.shift(timedelta(seconds=31))
    delivering.work(5)

    assert attempts(notification) == [("email", 1, "sent")]
    assert notification.seq == 1


def test_a_switched_off_channel_is_left_out(
    ann: User, moment: time_machine.Traveller
) -> None:
    ChannelPreference.objects.create(user=ann, kind="*", channel="email", enabled=False)
    usual = told(ann, channels=("email", "sms"))
    critical = told(ann, channels=("email", "sms"), severity="critical")

    delivering.work(5)

    assert attempts(usual) == [("email", 1, "skipped"), ("sms", 1, "sent")]
    assert attempts(critical) == [("email", 1, "sent")]


def test_a_worker_that_died_costs_no_attempt(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    notification = told(ann, channels=("sms",))
    [job] = deliveries.claim("sms", 5, now=clock.now()) or []
    # The request left, the worker died before it could write that down.
    server.respond(Request("POST", "", {}, b""))
    delivering.work(5)
    assert attempts(notification) == [("sms", 1, "running")]

    moment.shift(deliveries.lease() + timedelta(seconds=1))
    delivering.work(5)

    assert attempts(notification) == [("sms", 1, "sent")]
    assert server.requests[0].json()["id"] == job.parcel.message_id


def test_a_worker_that_died_with_a_forgetful_provider_leaves_a_doubt(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    notification = told(ann, channels=("telegram", "email"))
    assert deliveries.claim("telegram", 5, now=clock.now())

    moment.shift(deliveries.lease() + timedelta(seconds=1))
    delivering.work(5)

    assert attempts(notification) == [("telegram", 1, "unknown")]
    assert row(notification).held
    assert server.requests == []


def test_a_message_that_kills_its_worker_twice_is_not_tried_for_ever(
    ann: User, moment: time_machine.Traveller
) -> None:
    notification = told(ann, channels=("sms",))
    for _ in range(12):
        deliveries.claim("sms", 5, now=clock.now())
        moment.shift(timedelta(minutes=10))

    delivering.work(5)

    assert len(attempts(notification)) == 3
    assert row(notification).held


def test_a_result_that_comes_after_the_lease_is_not_lost(
    ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    notification = told(ann, channels=("sms",))
    [job] = deliveries.claim("sms", 5, now=clock.now()) or []
    result = made(job)
    moment.shift(deliveries.lease() + timedelta(seconds=1))
    [again] = deliveries.claim("sms", 5, now=clock.now()) or []

    deliveries.settle([result], now=clock.now())
    deliveries.settle([made(again)], now=clock.now())

    assert attempts(notification) == [("sms", 1, "sent")]
    assert row(notification).status == "sent"


def test_an_idempotency_key_makes_one_ladder(
    ann: User, moment: time_machine.Traveller
) -> None:
    first = told(ann, idempotency_key="a", source="s")
    second = told(ann, idempotency_key="a", source="s")

    delivering.work(5)

    assert first.pk == second.pk
    assert len(mail.outbox) == 1


def test_many_are_planned_and_claimed_in_a_handful_of_queries(
    ann: User,
    moment: time_machine.Traveller,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    drafts = [
        Draft(ann.pk, title="Hi", body="Text", channels=("sms",)) for _ in range(50)
    ]

    with django_assert_max_num_queries(13):
        services.notify_many(drafts)
    with django_assert_max_num_queries(12):
        jobs = deliveries.claim("sms", 50, now=clock.now())

    assert len(jobs or []) == 50


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"channels": ()}, "channels"),
        ({"channels": ("pigeon",)}, "channels"),
        ({"channels": ("email", "email")}, "channels"),
        ({"mode": "some"}, "mode"),
        ({"until": "heard"}, "until"),
        ({"until": "read"}, "until"),
        ({"wait": [timedelta(0)]}, "wait"),
        ({"addresses": {"pigeon": "x"}}, "addresses"),
        ({"addresses": {"email": "nobody"}}, "addresses"),
        ({"contents": {"email": Content()}}, "contents"),
        ({"contents": {"webhook": Content(text="x")}}, "contents"),
    ],
)
def test_what_cannot_be_is_named(ann: User, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(DraftError) as caught:
        told(ann, **wrong)

    assert list(caught.value.errors) == [field]


def test_nobody_has_no_page(db: None) -> None:
    with pytest.raises(DraftError):
        told(None, channels=("in_app",))


def test_who_has_a_page_open_is_left_alone_until_it_is_closed(
    ann: User, moment: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    online = {ann.pk}
    monkeypatch.setattr("apps.push.presence.online", lambda ids: online & set(ids))
    notification = told(ann, skip_if_online=True)

    delivering.work(5)
    assert (row(notification).held, row(notification).hold_reason) == (True, "online")
    online.clear()
    moment.shift(timedelta(seconds=16))
    delivering.work(5)

    assert attempts(notification) == [("email", 1, "sent")]
