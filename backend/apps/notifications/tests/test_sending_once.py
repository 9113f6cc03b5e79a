"""Sending with an Idempotency-Key, and without one."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.common import clock
from apps.notifications.models import Notification
from apps.notifications.tests.builders import a_user
from apps.notifications.tests.clients import as_service, as_user, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db: None) -> APIClient:
    """Return an administrator's client."""
    return as_user(a_user("admin", is_admin=True))


def test_d09_equal_sends_without_a_key_are_two(admin: APIClient, ann: User) -> None:
    keys = {
        post(admin, {"user_id": ann.pk, "payload": {}}).json()["key"] for _ in range(2)
    }

    assert len(keys) == 2


def test_d09_the_same_key_and_body_is_answered_from_the_store(
    admin: APIClient,
    ann: User,
) -> None:
    body = {"user_id": ann.pk, "payload": {"é": 1.0}}

    first = post(admin, body, HTTP_IDEMPOTENCY_KEY="k-1")
    again = post(admin, body, HTTP_IDEMPOTENCY_KEY="k-1")

    assert again.status_code == 200
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Notification.objects.count() == 1


def test_d09_the_same_key_with_another_body_is_422(admin: APIClient, ann: User) -> None:
    post(admin, {"user_id": ann.pk, "payload": 1}, HTTP_IDEMPOTENCY_KEY="k")

    answer = post(admin, {"user_id": ann.pk, "payload": 2}, HTTP_IDEMPOTENCY_KEY="k")

    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"
    assert Notification.objects.count() == 1


def test_d09_a_key_belongs_to_its_caller(admin: APIClient, ann: User) -> None:
    body = {"user_id": ann.pk, "payload": 1}

    post(admin, body, HTTP_IDEMPOTENCY_KEY="k")
    post(as_service("notify:send"), body, HTTP_IDEMPOTENCY_KEY="k")

    assert Notification.objects.count() == 2


def test_d09_a_refused_request_keeps_no_answer(admin: APIClient, ann: User) -> None:
    refused = post(admin, {"user_id": 987654, "payload": 1}, HTTP_IDEMPOTENCY_KEY="k")
    accepted = post(admin, {"user_id": ann.pk, "payload": 1}, HTTP_IDEMPOTENCY_KEY="k")

    assert (refused.status_code, accepted.status_code) == (404, 200)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\x01b", "ключ"])
def test_d09_a_key_that_cannot_be_is_400(
    admin: APIClient,
    ann: User,
    key: str,
) -> None:
    answer = post(admin, {"user_id": ann.pk, "payload": 1}, HTTP_IDEMPOTENCY_KEY=key)

    assert answer.status_code == 400
    assert list(answer.json()) == ["Idempotency-Key"]


def test_d09_a_key_of_255_characters_is_accepted(admin: APIClient, ann: User) -> None:
    body = {"user_id": ann.pk, "payload": 1}

    assert post(admin, body, HTTP_IDEMPOTENCY_KEY="~" * 255).status_code == 200


def test_d09_a_key_is_new_again_after_72_hours(
    admin: APIClient,
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() - timedelta(hours=72, seconds=1))
    post(admin, {"user_id": ann.pk, "payload": 1}, HTTP_IDEMPOTENCY_KEY="k")
    monkeypatch.setattr(clock, "now", real)

    answer = post(admin, {"user_id": ann.pk, "payload": 2}, HTTP_IDEMPOTENCY_KEY="k")

    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer
    assert Notification.objects.count() == 2
