"""`/api/notify/` as the users of a multichannel sender know it (C01 to C08)."""

import re
import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core import mail
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.accounts import service_keys
from apps.accounts.models import User, UserProfile
from apps.common import clock
from apps.conftest import BEGIN
from apps.delivery.tests.faulty_server import FaultyServer, answer
from apps.notifications import delivering, services, states
from apps.notifications.models import Notification, NotificationAttempt

SENT = answer(200, b'{"code": 0, "message": "OK"}')
TAKEN = answer(200, b'{"ok": true, "result": {"message_id": 5}}')
pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer(SENT) as running:
        yield running


@pytest.fixture(autouse=True)
def outside(settings: Settings, server: FaultyServer) -> Settings:
    settings.SMS_GATEWAY_URL = server.url
    settings.TELEGRAM_API_URL = server.url
    settings.TELEGRAM_BOT_TOKEN = "1:canary"
    return settings


@pytest.fixture
def ann(db: None) -> User:
    user = User.objects.create(
        username="ann", email="ann@example.org", external_id="a-1"
    )
    UserProfile.objects.create(user=user, phone="79110000000", telegram_chat_id="5")
    return user


@pytest.fixture
def api(db: None) -> APIClient:
    """Return a client of an administrator."""
    client = APIClient()
    client.force_authenticate(User.objects.create(username="chief", is_admin=True))
    return client


def service(*scopes: str) -> APIClient:
    made = service_keys.create_service_key("s", scopes=scopes, now=clock.now())
    client = APIClient()
    client.credentials(
        HTTP_X_SERVICE_ID=made.key.service_id, HTTP_X_SERVICE_TOKEN=made.secret
    )
    return client


def notify(client: APIClient, user: User, **more: Any) -> Any:
    body = {"user_id": user.pk, "subject": "Привет!", "message": "Тест", **more}
    return client.post("/api/notify/", body, format="json")


def ladder(client: APIClient, answered: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/notify/{answered.data['id']}/").json()
    return found


def work_for_an_hour(moment: time_machine.Traveller) -> None:
    for _ in range(40):
        delivering.work(5)
        moment.shift(timedelta(seconds=90))


def broken_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise smtplib.SMTPResponseException(451, b"not now")

    monkeypatch.setattr(
        "django.core.mail.backends.locmem.EmailBackend.send_messages", refuse
    )


def test_c01_a_message_is_accepted_with_its_id(api: APIClient, ann: User) -> None:
    response = notify(api, ann, channels=["email", "sms", "telegram"])

    assert response.status_code == 200
    said = response.json()
    assert sorted(said) == ["created_at", "id", "status"]
    assert said["status"] == "pending"
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", said["created_at"]
    )


def test_c02_the_channels_not_given_are_email_sms_telegram(
    api: APIClient, ann: User
) -> None:
    response = notify(api, ann)

    assert ladder(api, response)["channels"] == ["email", "sms", "telegram"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"user_id": None}, "user_id"),
        ({"user_id": 424242}, "user_id"),
        ({"user_id": "1"}, "user_id"),
        ({"external_id": "a-1"}, "user_id"),
        ({"message": None}, "message"),
        ({"message": ""}, "message"),
        ({"message": " \n"}, "message"),
        ({"message": "x" * 4001}, "message"),
        ({"subject": "x" * 201}, "subject"),
        ({"channels": []}, "channels"),
        ({"channels": "email"}, "channels"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"channels": ["sms", "sms"]}, "channels"),
        ({"mode": "some"}, "mode"),
        ({"until": "read"}, "until"),
        ({"wait": ["soon"]}, "wait"),
        ({"wait": ["0s"]}, "wait"),
        ({"skip_if_online": "yes"}, "skip_if_online"),
        ({"pigeon": 1}, "pigeon"),
    ],
)
def test_c02_what_is_wrong_is_named(
    api: APIClient, ann: User, wrong: dict[str, Any], field: str
) -> None:
    response = notify(api, ann, **wrong)

    assert response.status_code == 400
    assert field in response.json()
    assert not Notification.objects.exists()


@pytest.mark.parametrize("channels", [["pigeon"], ["sms", "sms"]])
def test_c02_the_known_channels_are_named(
    api: APIClient, ann: User, channels: list[str]
) -> None:
    text = str(notify(api, ann, channels=channels).json())

    for name in ("in_app", "email", "sms", "telegram", "webhook"):
        assert name in text


def test_c02_the_user_must_be_named(api: APIClient, ann: User) -> None:
    response = api.post("/api/notify/", {"message": "x"}, format="json")

    assert response.status_code == 400
    assert "user_id" in response.json()


def test_c02_all_that_is_missing_is_named_at_once(api: APIClient, ann: User) -> None:
    response = api.post("/api/notify/", {"channels": ["fax"]}, format="json")

    assert response.status_code == 400
    assert sorted(response.json()) == ["channels", "message", "user_id"]


def test_an_external_id_may_stand_for_the_user(api: APIClient, ann: User) -> None:
    response = api.post(
        "/api/notify/", {"external_id": "a-1", "message": "x"}, format="json"
    )

    assert response.status_code == 200
    assert Notification.objects.get().recipient == ann


def test_c03_three_attempts_a_channel_then_the_next(
    api: APIClient,
    ann: User,
    moment: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    server: FaultyServer,
) -> None:
    broken_mail(monkeypatch)
    response = notify(api, ann)

    work_for_an_hour(moment)

    found = ladder(api, response)
    assert (found["status"], found["channel"]) == ("sent", "sms")
    assert [
        (each["channel"], each["number"], each["status"]) for each in found["attempts"]
    ] == [
        ("email", 1, "failed"),
        ("email", 2, "failed"),
        ("email", 3, "failed"),
        ("sms", 1, "sent"),
    ]
    assert found["next"] is None


def test_c03_when_all_have_failed_it_has_failed(
    api: APIClient,
    ann: User,
    moment: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    outside: Settings,
) -> None:
    broken_mail(monkeypatch)
    outside.SMS_FAIL_ALWAYS = True
    outside.TELEGRAM_BOT_TOKEN = ""
    response = notify(api, ann)

    work_for_an_hour(moment)

    found = ladder(api, response)
    assert (found["status"], found["channel"]) == ("failed", None)
    assert [each["channel"] for each in found["attempts"]] == [
        *["email"] * 3,
        *["sms"] * 3,
        "telegram",
    ]


def test_c03_without_an_address_it_is_one_attempt(
    api: APIClient, ann: User, moment: time_machine.Traveller
) -> None:
    User.objects.filter(pk=ann.pk).update(email="")
    response = notify(api, ann)

    delivering.work(5)

    [first, second] = ladder(api, response)["attempts"]
    assert (first["channel"], first["status"]) == ("email", "failed")
    assert second["channel"] == "sms"


def test_c04_every_attempt_is_a_row_with_its_answer(
    api: APIClient, ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = answer(503, b"busy")
    notify(api, ann, channels=["sms"])

    delivering.work(5)

    attempt = NotificationAttempt.objects.get()
    assert (attempt.channel, attempt.number, attempt.status) == ("sms", 1, "failed")
    assert attempt.error == "The gateway answered http_503."
    assert attempt.provider_response == "busy"
    assert attempt.started_at == attempt.finished_at == BEGIN


def test_c03_each_attempt_waits_longer_than_the_one_before_might_have(
    api: APIClient,
    ann: User,
    moment: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken_mail(monkeypatch)
    most = SimpleNamespace(random=lambda: 1.0)
    monkeypatch.setattr("apps.notifications.ladder_rows._random", most)
    response = notify(api, ann, channels=["email"])
    planned = []

    for _ in range(2):
        delivering.work(5)
        planned.append(ladder(api, response)["next"]["at"])
        moment.move_to(datetime.fromisoformat(planned[-1]))

    first, second = (datetime.fromisoformat(each) for each in planned)
    assert timedelta(0) < first - BEGIN < second - first


@pytest.mark.parametrize(
    ("channel", "shown"),
    [("sms", "79110000000"), ("telegram", '"chat_id": "5"')],
)
def test_c05_the_addresses_are_those_of_user_and_profile(
    api: APIClient,
    ann: User,
    moment: time_machine.Traveller,
    server: FaultyServer,
    channel: str,
    shown: str,
) -> None:
    server.respond = SENT if channel == "sms" else TAKEN
    notify(api, ann, channels=[channel])

    delivering.work(5)

    assert shown in server.requests[0].body.decode()


def test_c06_mail_goes_by_djangos_mail(
    api: APIClient, ann: User, moment: time_machine.Traveller
) -> None:
    notify(api, ann, channels=["email"])

    delivering.work(5)

    [message] = mail.outbox
    assert (message.subject, message.body) == ("Привет!", "Тест")
    assert message.to == ["ann@example.org"]


def test_c06_the_stub_fails_always_when_it_is_told_to(
    api: APIClient,
    ann: User,
    moment: time_machine.Traveller,
    outside: Settings,
    server: FaultyServer,
) -> None:
    outside.SMS_FAIL_ALWAYS = True
    server.respond = TAKEN
    response = notify(api, ann, channels=["sms", "telegram"])

    work_for_an_hour(moment)

    found = ladder(api, response)
    assert found["channel"] == "telegram"
    assert len(found["attempts"]) == 4
    assert found["attempts"][0]["error"] == "SMS_FAIL_ALWAYS is set."


def test_c07_what_comes_next_and_when_is_shown(
    api: APIClient, ann: User, moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = answer(503, Retry_After="60")
    response = notify(api, ann, channels=["sms"])
    assert ladder(api, response)["next"]["channel"] == "sms"

    delivering.work(5)

    found = ladder(api, response)
    said = {name: found[name] for name in ("id", "status", "channel", "created_at")}
    assert said == {**response.json(), "channel": None}
    assert found["next"] == {
        "channel": "sms",
        "number": 2,
        "at": "2030-01-02T10:01:00.000000+00:00",
    }
    assert sorted(found["attempts"][0]) == [
        "channel",
        "error",
        "finished_at",
        "number",
        "provider_response",
        "round",
        "started_at",
        "status",
    ]


def test_c07_it_can_be_sent_again_and_cancelled(
    api: APIClient, ann: User, moment: time_machine.Traveller
) -> None:
    path = f"/api/notify/{notify(api, ann).data['id']}/"
    delivering.work(5)

    again = api.post(f"{path}resend/").json()
    cancelled = api.post(f"{path}cancel/").json()
    refused = api.post(f"{path}cancel/")

    assert (again["status"], again["round"]) == ("pending", 2)
    assert cancelled["status"] == "cancelled"
    assert refused.status_code == 409


def test_c08_the_page_is_a_channel_like_the_others(
    api: APIClient, ann: User, moment: time_machine.Traveller
) -> None:
    first = notify(api, ann, channels=["in_app", "email"])
    every = notify(api, ann, channels=["in_app", "email"], mode="all")

    delivering.work(5)

    assert ladder(api, first)["channel"] == "in_app"
    assert [each["channel"] for each in ladder(api, every)["attempts"]] == ["email"]
    assert Notification.objects.filter(seq__isnull=False).count() == 2


def test_c08_reading_in_time_is_seen_before_a_worker_looks(
    api: APIClient, ann: User, moment: time_machine.Traveller
) -> None:
    channels = ["in_app", "email"]
    response = notify(api, ann, channels=channels, until="read", wait=["30s"])
    assert ladder(api, response)["next"]["at"] == "2030-01-02T10:00:30.000000+00:00"

    states.mark_read(ann.pk, [Notification.objects.get().key])

    found = ladder(api, response)
    assert (found["status"], found["channel"], found["next"]) == (
        "sent",
        "in_app",
        None,
    )


def test_sms_need_a_scope_of_their_own(ann: User) -> None:
    without = service("notify:send")
    both = service("notify:send", "sms:send")

    assert notify(without, ann).status_code == 403
    assert "sms:send" in notify(without, ann).json()["detail"]
    assert notify(without, ann, channels=["email"]).status_code == 200
    assert notify(both, ann).status_code == 200


def test_a_service_sees_its_own_alone(ann: User) -> None:
    one, other = service("notify:send"), service("notify:send")
    number = notify(one, ann, channels=["email"]).data["id"]

    assert one.get(f"/api/notify/{number}/").status_code == 200
    assert other.get(f"/api/notify/{number}/").status_code == 404
    assert other.post(f"/api/notify/{number}/cancel/").status_code == 404


def test_the_same_key_has_one_effect(api: APIClient, ann: User) -> None:
    headers = {"Idempotency-Key": "k-1"}
    body = {"user_id": ann.pk, "message": "x"}

    first = api.post("/api/notify/", body, format="json", headers=headers)
    second = api.post("/api/notify/", body, format="json", headers=headers)

    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Notification.objects.count() == 1


def test_what_is_on_the_page_alone_has_a_ladder_of_one(
    api: APIClient, ann: User
) -> None:
    row = services.notify(recipient=ann, payload=1)

    found = api.get(f"/api/notify/{row.pk}/").json()
    refused = api.post(f"/api/notify/{row.pk}/resend/")

    assert (found["status"], found["channels"]) == ("sent", ["in_app"])
    assert refused.status_code == 409
