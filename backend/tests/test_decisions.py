"""Decisions that hold everywhere, by their ids, where no other test carries one."""

import http.client
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.test import Client

from apps.notifications.models import BroadcastStatus, Notification, Severity
from tests.conformance.door import Deployment, Door
from tests.supply import Running


@pytest.mark.django_db
def test_x1_the_administration_is_at_admin_and_sends_strangers_to_its_login(
    client: Client,
) -> None:
    response = client.get("/admin/")

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_x3_the_default_port_is_8000_on_this_machine_only() -> None:
    assert settings.PORT == 8000
    assert settings.HOST == "127.0.0.1"


@pytest.mark.slow
def test_x3_one_server_answers_http_and_websocket(
    embedded_running: Running,
    enter: Callable[[Deployment], Door],
) -> None:
    door = enter(embedded_running.deployment)
    address = urlsplit(embedded_running.deployment.url).netloc
    connection = http.client.HTTPConnection(address, timeout=20)
    connection.request("GET", "/healthz")
    status = connection.getresponse().status
    connection.close()

    assert status == 200
    assert door.person().connect().next()["type"] == "hello"


@pytest.mark.parametrize("choices", [Severity, BroadcastStatus])
def test_x5_words_of_a_status_are_lower_case(choices: type[models.TextChoices]) -> None:
    assert choices.values == [value.lower() for value in choices.values]


def test_x6_a_notification_goes_to_a_user_who_can_log_in() -> None:
    recipient = Notification._meta.get_field("recipient")

    assert recipient.related_model is get_user_model()


@pytest.mark.slow
def test_d03_the_address_may_name_the_users_own_id_and_no_other(
    embedded_running: Running,
    enter: Callable[[Deployment], Door],
) -> None:
    door = enter(embedded_running.deployment)
    person = door.person()
    own = door.open(person.ticket(), path=f"/ws/notifications/{person.id}/")
    other = door.open(person.ticket(), path=f"/ws/notifications/{person.id + 1}/")

    assert own.next()["type"] == "hello"
    assert other.closing().code == 4403
