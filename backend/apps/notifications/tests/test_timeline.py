"""The administration shows what happened outside of the page, and what can be done."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.masking import masked
from apps.accounts.models import User, UserProfile
from apps.common import clock
from apps.delivery import providers
from apps.delivery.tests.faulty_server import FaultyServer, answer, cut
from apps.notifications import delivering, services
from apps.notifications.models import Delivery, Notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[FaultyServer]:
    with FaultyServer(answer(503, b"<b>busy</b>")) as running:
        settings.SMS_GATEWAY_URL = settings.TELEGRAM_API_URL = running.url
        settings.TELEGRAM_BOT_TOKEN = "1:canary"
        yield running


@pytest.fixture
def chief(admin_user: User, moment: time_machine.Traveller) -> Client:
    """Return an administrator's browser, logged in while the clock stands still."""
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.fixture
def ann(db: None) -> User:
    user = User.objects.create(username="ann", email="ann@example.org")
    UserProfile.objects.create(user=user, phone="79110000000", telegram_chat_id="5")
    return user


def told(user: User, *channels: str) -> Notification:
    return services.notify(
        recipient=user, title="Hi", channels=channels, source="service:ck_1"
    )


def page(client: Client, row: Notification) -> str:
    path = reverse("admin:notifications_notification_change", args=[row.pk])
    return client.get(path).content.decode()


def press(client: Client, row: Notification, button: str) -> str:
    path = reverse(f"admin:notifications_notification_{button}", args=[row.pk])
    return client.post(path, follow=True).content.decode()


def test_every_attempt_and_what_comes_next_are_shown(
    ann: User, server: FaultyServer, chief: Client
) -> None:
    row = told(ann, "sms", "email")
    delivering.work(5)

    shown = page(chief, row)

    assert "From service:ck_1" in shown
    assert "SMS, attempt 1: failed" in shown
    assert "The gateway answered http_503. &lt;b&gt;busy" in shown
    assert "Next: SMS, attempt 2" in shown


def test_what_the_page_did_is_shown(ann: User, chief: Client) -> None:
    row = services.notify(recipient=ann, payload=1)
    services.mark_read(ann.pk, [row.key])

    shown = page(chief, row)

    assert "Number 1 in the recipient" in shown
    assert "Acknowledged" in shown
    assert "Read" in shown
    assert "Send again" not in shown


def test_the_device_that_acknowledged_it_is_named(ann: User, chief: Client) -> None:
    row = services.notify(recipient=ann, payload=1)
    ack = services.Ack(ann.pk, up_to=1, device="Firefox on Linux")
    services.acknowledge([ack])

    assert "Firefox on Linux has stored it." in page(chief, row)


def test_c07_buttons_cancel_and_send_again(
    ann: User, server: FaultyServer, chief: Client
) -> None:
    row = told(ann, "sms")

    assert "Cancelled." in press(chief, row, "cancel")
    assert Delivery.objects.get().status == "cancelled"
    assert "It is cancelled already." in press(chief, row, "cancel")
    assert "Sent again." in press(chief, row, "resend")
    assert Delivery.objects.get().round == 2


def test_a_person_decides_on_an_unknown_outcome(
    ann: User, server: FaultyServer, chief: Client
) -> None:
    server.respond = cut
    row = told(ann, "telegram", "email")
    delivering.work(5)
    assert "a person must decide" in page(chief, row).lower()

    press(chief, row, "go-on")
    delivering.work(5)

    assert Delivery.objects.get().channel == "email"


@pytest.mark.parametrize("button", ["resend", "cancel", "go-on"])
def test_nothing_is_done_by_looking_or_by_who_may_not(
    ann: User, server: FaultyServer, chief: Client, button: str
) -> None:
    row = told(ann, "sms")
    path = reverse(f"admin:notifications_notification_{button}", args=[row.pk])
    watcher = Client()
    watcher.force_login(User.objects.create(username="watcher", is_staff=True))

    assert chief.get(path).status_code == 403
    assert watcher.post(path).status_code == 403
    assert Delivery.objects.get().status == "pending"


def test_attempts_are_found_by_user_and_show_no_whole_address(
    ann: User,
    server: FaultyServer,
    chief: Client,
    moment: time_machine.Traveller,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(20):
        told(ann, "sms")
    delivering.work(5)
    path = reverse("admin:notifications_notificationattempt_changelist")

    with django_assert_max_num_queries(12):
        found = chief.get(path, {"q": "ann", "channel": "sms"})
    nobody = chief.get(path, {"q": "bob"}).content.decode()

    text = found.content.decode()
    assert "7911•••0000" in text
    assert "79110000000" not in text
    assert "7911" not in nobody


def test_the_list_shows_what_became_of_each_in_few_queries(
    ann: User,
    chief: Client,
    moment: time_machine.Traveller,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(20):
        told(ann, "email")
    delivering.work(5)
    moment.shift(timedelta(seconds=1))
    path = reverse("admin:notifications_notification_changelist")

    with django_assert_max_num_queries(14):
        text = chief.get(path).content.decode()

    assert "not on the page" in text


def test_a_breaker_is_closed_by_hand(chief: Client) -> None:
    providers.misconfigured("sms", "The gateway answered 401.", now=clock.now())
    path = reverse("admin:delivery_providerstate_changelist")
    assert "The gateway answered 401." in chief.get(path).content.decode()

    chief.post(path, {"action": "close", "_selected_action": ["sms"]})

    assert providers.may_send("sms", now=clock.now())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ann@example.org", "a•••@example.org"),
        ("79110000000", "7911•••0000"),
        ("5", "•••"),
        ("", ""),
    ],
)
def test_addresses_are_hidden_in_their_middle(address: str, shown: str) -> None:
    assert masked(address) == shown
