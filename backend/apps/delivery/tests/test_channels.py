"""What is particular to one channel: Telegram's answers, signed webhooks."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from apps.accounts import contacts
from apps.accounts.models import User, UserProfile
from apps.delivery import channels
from apps.delivery.base import Content, DeliveryError, Parcel
from apps.delivery.channels import telegram, webhook
from apps.delivery.tests.contract import parcel_to
from apps.delivery.tests.faulty_server import FaultyServer, answer
from apps.notifications import delivering, services
from apps.notifications.models import Delivery


@pytest.fixture
def server(settings: Settings) -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        settings.TELEGRAM_API_URL = running.url
        settings.TELEGRAM_BOT_TOKEN = "12345:canary-token"
        settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
        yield running


def bot(status: int, description: str, **parameters: Any) -> Any:
    """Answer as Telegram's Bot API does."""
    body = {"ok": status == 200, "description": description, "parameters": parameters}
    return answer(status, json.dumps(body).encode())


def error_of(parcel: Parcel, channel: Any = telegram) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel.send(parcel)
    return caught.value


def test_telegram_gets_title_and_text(server: FaultyServer) -> None:
    server.respond = answer(200, b'{"ok": true, "result": {"message_id": 77}}')

    receipt = telegram.send(parcel_to("-100123"))

    [request] = server.requests
    assert request.path == "/bot12345:canary-token/sendMessage"
    assert request.json() == {"chat_id": "-100123", "text": "Hi\n\nText <b>& more</b>"}
    assert receipt.provider_response == "message 77"


def test_a_text_that_is_too_long_for_telegram_is_cut(server: FaultyServer) -> None:
    server.respond = answer(200, b'{"ok": true, "result": {"message_id": 77}}')
    content = Content(text="я" * 5000)

    telegram.send(Parcel(address="5", content=content, message_id=1, key="k"))

    assert len(server.requests[0].json()["text"]) == 4096


@pytest.mark.parametrize(
    "description",
    [
        "Forbidden: bot was blocked by the user",
        "Bad Request: chat not found",
        "Forbidden: user is deactivated",
    ],
)
def test_who_has_blocked_the_bot_is_not_tried_again(
    server: FaultyServer, description: str
) -> None:
    server.respond = bot(403 if "Forbidden" in description else 400, description)

    error = error_of(parcel_to("5"))

    assert error.permanent
    assert error.provider_response == description


def test_telegram_says_in_its_body_when_to_come_back(server: FaultyServer) -> None:
    server.respond = bot(429, "Too Many Requests: retry after 33", retry_after=33)

    assert error_of(parcel_to("5")).retry_after == 33


@pytest.mark.parametrize("respond", [answer(500), answer(200, b"<html>"), None])
def test_the_bots_token_is_in_no_error(server: FaultyServer, respond: Any) -> None:
    server.respond = respond or (lambda _: iter([b"nonsense"]))

    error = error_of(parcel_to("5"))

    assert "canary" not in f"{error!r} {error.__cause__!r} {error.provider_response}"


def test_a_webhook_is_signed_so_that_the_receiver_can_tell(
    server: FaultyServer, settings: Settings
) -> None:
    secret = b"0123456789abcdef"
    settings.WEBHOOK_SECRET = f"whsec_{base64.b64encode(secret).decode()}"

    webhook.send(parcel_to(f"{server.url}/hook"))

    [request] = server.requests
    sent = request.headers
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode()
    digest = hmac.new(secret, signed + request.body, hashlib.sha256).digest()
    assert sent["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert request.json()["type"] == "notification.message"
    assert request.json()["data"]["payload"] == {"a": 1}


@pytest.mark.django_db
def test_an_address_that_is_gone_is_used_no_more(server: FaultyServer) -> None:
    server.respond = answer(410)
    user = User.objects.create(username="ann")
    hook = f"{server.url}/hook"
    UserProfile.objects.create(user=user, addresses={"webhook": hook, "hall": "#a"})

    services.notify(recipient=user, title="Hi", channels=["webhook"])
    delivering.work(5)

    addresses = UserProfile.objects.get(user=user).addresses
    assert addresses == {"hall": "#a", "disabled": {"webhook": hook}}
    assert Delivery.objects.get().status == "failed"


@pytest.mark.django_db
def test_an_address_that_was_changed_meanwhile_stays() -> None:
    user = User.objects.create(username="ann")
    UserProfile.objects.create(user=user, addresses={"webhook": "https://new.example"})

    assert not contacts.forget(
        user.pk, channel="webhook", address="https://old.example"
    )


@pytest.mark.django_db
def test_a_user_without_a_profile_has_no_addresses() -> None:
    user = User.objects.create(username="ann")

    found = {name: channels.get(name).address_of(user) for name in channels.names()}

    assert set(found.values()) == {""}
