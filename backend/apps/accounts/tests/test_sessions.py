"""The list of sessions, and ending one of them."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.models import User, UserSession
from apps.accounts.tests.conftest import PASSWORD, token_of
from apps.common import clock

SESSIONS = "/api/user/sessions/"


def signed_in(username: str, user_agent: str = "Firefox") -> Client:
    """Log a browser in, as the form of the page does."""
    client = Client(headers={"User-Agent": user_agent})
    body = {"username": username, "password": PASSWORD}
    answer = client.post("/api/auth/session/", body, "application/json")
    assert answer.status_code == 200
    return client


@pytest.mark.django_db
def test_the_list_shows_every_own_session_and_marks_the_one_that_asks(
    alice: User,
    bob: User,
) -> None:
    here, there = signed_in("alice", "Here"), signed_in("alice", "There")
    signed_in("bob")

    listed = here.get(SESSIONS).json()

    assert {(each["user_agent"], each["is_current"]) for each in listed} == {
        ("Here", True),
        ("There", False),
    }
    assert all(each["ip_address"] == "127.0.0.1" for each in listed)
    assert all(each["created_at"] and each["last_seen_at"] for each in listed)
    assert len(there.get(SESSIONS).json()) == 2


def test_the_key_of_a_session_is_nowhere_in_the_list(alice: User) -> None:
    client = signed_in("alice")

    text = client.get(SESSIONS).content.decode()

    assert UserSession.objects.get().session_key not in text


def test_a_token_sees_the_sessions_and_is_none_of_them(alice: User) -> None:
    signed_in("alice")
    token = Client(headers={"Authorization": f"Token {token_of(alice)}"})

    assert [each["is_current"] for each in token.get(SESSIONS).json()] == [False]


def test_an_ended_session_is_signed_out_and_the_others_stay(alice: User) -> None:
    here, there = signed_in("alice", "Here"), signed_in("alice", "There")
    listed = {each["user_agent"]: each["id"] for each in here.get(SESSIONS).json()}

    answer = here.delete(f"{SESSIONS}{listed['There']}/")

    assert answer.status_code == 204
    assert there.get("/api/user/me/").status_code == 401
    assert here.get("/api/user/me/").status_code == 200


def test_the_session_that_asks_can_end_itself(alice: User) -> None:
    client = signed_in("alice")
    [own] = client.get(SESSIONS).json()

    assert client.delete(f"{SESSIONS}{own['id']}/").status_code == 204

    assert client.get("/api/user/me/").status_code == 401
    assert not UserSession.objects.exists()


def test_nobody_ends_the_session_of_another(alice: User, bob: User) -> None:
    mine, others = signed_in("alice"), signed_in("bob")
    [foreign] = others.get(SESSIONS).json()
    key = UserSession.objects.get(user=bob).session_key

    for guess in (foreign["id"], key, "nonsense"):
        assert mine.delete(f"{SESSIONS}{guess}/").status_code == 404
    assert others.get("/api/user/me/").status_code == 200


def test_an_expired_session_is_not_listed(alice: User) -> None:
    here = signed_in("alice", "Here")
    signed_in("alice", "Gone")
    past = clock.now() - timedelta(seconds=1)
    UserSession.objects.filter(user_agent="Gone").update(expire_date=past)

    assert [each["user_agent"] for each in here.get(SESSIONS).json()] == ["Here"]


def test_being_seen_is_noted_once_a_minute(alice: User) -> None:
    client = signed_in("alice")
    long_ago = clock.now() - timedelta(hours=1)
    UserSession.objects.update(seen_at=long_ago)

    client.get("/api/user/me/")
    noted = UserSession.objects.get().seen_at
    client.get("/api/user/me/")

    assert noted is not None
    assert noted > long_ago
    assert UserSession.objects.get().seen_at == noted
