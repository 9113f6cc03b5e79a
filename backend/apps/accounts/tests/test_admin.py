"""The administration: secrets shown once, and revocations that reach the sockets."""

import re
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from apps.accounts import service_keys
from apps.accounts.models import (
    AuthToken,
    LoginFailures,
    ServiceKey,
    Team,
    Ticket,
    User,
    UserSession,
)
from apps.accounts.service_keys import NewServiceKey
from apps.accounts.tests.conftest import PASSWORD, token_of
from apps.common import clock

KEYS = "/admin/accounts/servicekey/"
USERS = "/admin/accounts/user/"
LOGIN = "/admin/login/"
NEVER = {"expires_at_0": "", "expires_at_1": ""}


@pytest.fixture
def office(boss: User) -> Client:
    """Return a superuser's browser."""
    browser = Client()
    browser.force_login(boss)
    return browser


@pytest.mark.parametrize(
    "name",
    ["user", "team", "servicekey", "authtoken", "loginfailures"],
)
def test_every_list_and_form_opens(
    office: Client,
    alice: User,
    service: NewServiceKey,
    name: str,
) -> None:
    token_of(alice)
    LoginFailures.objects.create(username="x", network="n", since=clock.now())

    listed = office.get(f"/admin/accounts/{name}/")
    form = office.get(f"/admin/accounts/{name}/add/")

    assert listed.status_code == 200
    assert form.status_code == (403 if name in {"authtoken", "loginfailures"} else 200)


def test_e01_a_new_keys_token_is_shown_once_and_works(office: Client) -> None:
    answer = office.post(
        f"{KEYS}add/",
        {
            "name": "shop",
            "scopes": ["notify:send"],
            "expires_at_0": "",
            "expires_at_1": "",
        },
    )

    key = ServiceKey.objects.get()
    found = re.search(r'id="service-token">([\w-]{43})<', answer.content.decode())
    assert found, answer.content
    secret = found[1]
    now = clock.now()
    assert service_keys.verified(key.service_id, secret, now=now) == key
    assert (key.scopes, key.created_by) == (
        ["notify:send"],
        User.objects.get(username="boss"),
    )
    assert "no-store" in answer["Cache-Control"]
    later = office.get(f"{KEYS}{key.pk}/change/")
    for text in (later.content.decode(), office.get(KEYS).content.decode()):
        assert secret not in text
        assert key.secret_hash not in text
    assert secret not in str(office.cookies)
    assert secret not in repr([*Session.objects.values_list()])
    sessions = [row.get_decoded() for row in UserSession.objects.all()]
    assert secret not in repr(sessions)


def test_a_key_is_rotated_and_revoked_from_the_list(
    office: Client,
    service: NewServiceKey,
) -> None:
    chosen = {"_selected_action": service.key.pk}

    rotated = office.post(KEYS, {"action": "rotate", **chosen})
    office.post(KEYS, {"action": "revoke", **chosen})

    assert 'id="service-token"' in rotated.content.decode()
    assert ServiceKey.objects.count() == 2
    service.key.refresh_from_db()
    assert not service.key.is_active


def test_a_key_is_renamed_without_touching_its_secret(
    office: Client,
    service: NewServiceKey,
) -> None:
    office.post(
        f"{KEYS}{service.key.pk}/change/",
        {
            "name": "new",
            "scopes": ["users:write"],
            "expires_at_0": "",
            "expires_at_1": "",
        },
    )

    key = ServiceKey.objects.get()
    assert (key.name, key.scopes) == ("new", ["users:write"])
    assert key.secret_hash == service.key.secret_hash


def _user_form(user: User, **changes: Any) -> dict[str, Any]:
    return {
        "username": user.username,
        "timezone": "UTC",
        "language": "en",
        "is_active": "on",
        "profile-TOTAL_FORMS": "0",
        "profile-INITIAL_FORMS": "0",
        **changes,
    }


@pytest.mark.django_db(transaction=True)
def test_disabling_a_user_ends_all_logins(
    office: Client,
    alice: User,
    announced: list[int],
) -> None:
    token_of(alice)

    answer = office.post(
        f"{USERS}{alice.pk}/change/",
        {**_user_form(alice), "is_active": ""},
    )

    assert answer.status_code == 302, answer.content
    alice.refresh_from_db()
    assert not alice.is_active
    assert not AuthToken.objects.filter(user=alice).exists()
    assert alice.pk in announced


def test_a_password_set_by_an_administrator_ends_all_logins(
    office: Client,
    alice: User,
) -> None:
    token_of(alice)
    new = "another long phrase"

    answer = office.post(
        f"{USERS}{alice.pk}/password/",
        {"usable_password": "true", "password1": new, "password2": new},
    )

    assert answer.status_code == 302, answer.content
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert not AuthToken.objects.exists()
    assert office.get(USERS).status_code == 200


def test_ones_own_password_change_keeps_only_the_session_used(
    office: Client,
    boss: User,
) -> None:
    other = Client()
    other.force_login(boss)
    token_of(boss)
    new = "another long phrase"

    answer = office.post(
        "/admin/password_change/",
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    assert answer.status_code == 302, answer.content
    assert office.get(USERS).status_code == 200
    assert other.get(USERS).status_code == 302
    assert UserSession.objects.get().user == boss
    assert not AuthToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_deleting_a_token_and_logging_out_everywhere_are_announced(
    office: Client,
    alice: User,
    announced: list[int],
) -> None:
    token_of(alice)
    token = AuthToken.objects.get()
    Ticket.objects.create(
        digest="d",
        user=alice,
        credential_kind="token",
        credential=token.digest,
        expires_at=clock.now(),
    )

    office.post(f"/admin/accounts/authtoken/{token.pk}/delete/", {"post": "yes"})
    after_token = list(announced)
    token_of(alice)
    office.post(USERS, {"action": "log_out_everywhere", "_selected_action": alice.pk})

    assert after_token == [alice.pk]
    assert announced == [alice.pk, alice.pk]
    assert not AuthToken.objects.exists()
    assert not Ticket.objects.exists()


def test_the_administrations_login_is_throttled_with_all_others(boss: User) -> None:
    browser = Client()
    wrong = {"username": "boss", "password": "wrong"}
    for _ in range(5):
        browser.post(LOGIN, wrong)

    answer = browser.post(LOGIN, {**wrong, "password": PASSWORD})

    assert "Too many failed logins" in answer.content.decode()
    assert browser.get(USERS).status_code == 302


def test_staff_log_in_and_out_and_people_do_not(boss: User, alice: User) -> None:
    browser = Client()
    browser.post(LOGIN, {"username": "alice", "password": PASSWORD})
    refused = browser.get(USERS).status_code
    browser.post(LOGIN, {"username": "boss", "password": PASSWORD})
    admitted = browser.get(USERS).status_code
    begun = UserSession.objects.get().user
    browser.post("/admin/logout/")

    assert (refused, admitted, begun) == (302, 200, boss)
    assert not UserSession.objects.exists()


def test_staff_who_are_no_superusers_give_no_rights(alice: User, boss: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    permissions = alice.user_permissions.model.objects.filter(
        content_type__app_label="accounts",
    )
    alice.user_permissions.set(permissions)
    browser = Client()
    browser.force_login(alice)

    own = browser.post(
        f"{USERS}{alice.pk}/change/",
        _user_form(alice, is_superuser="on", is_admin="on", is_staff="on"),
    )
    other = browser.post(f"{USERS}{boss.pk}/password/", {"password1": "x"})

    alice.refresh_from_db()
    assert own.status_code == 302, own.content
    assert (alice.is_superuser, alice.is_admin) == (False, False)
    assert other.status_code == 403


def test_a_team_is_added(office: Client) -> None:
    office.post("/admin/accounts/team/add/", {"name": "Sales"})

    assert Team.objects.get().name == "Sales"
