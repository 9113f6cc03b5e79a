"""Users over HTTP, and the demo's users."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from apps.accounts import demo, selectors
from apps.accounts.models import Team, User, UserProfile
from apps.accounts.tests.conftest import token_of
from apps.accounts.validators import TIME_ZONES

ClientOf = Callable[[User], APIClient]
PATH = "/api/users/by-external-id/crm-7/"
EVERYTHING = {
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann@example.com",
    "phone": "79001234567",
    "telegram_chat_id": "-100500",
    "team": "Engineering",
    "timezone": "Europe/Moscow",
    "language": "ru",
}


def test_x8_users_see_who_they_are(alice: User, client_of: ClientOf) -> None:
    team = alice.team
    assert team is not None

    answer = client_of(alice).get("/api/user/me/")

    assert answer.json() == {
        "id": alice.pk,
        "username": "alice",
        "first_name": "",
        "last_name": "",
        "external_id": None,
        "team": {"id": team.pk, "name": "Engineering"},
        "is_admin": False,
        "is_staff": False,
        "timezone": "UTC",
        "language": "en",
        "contacts": {"email": "", "phone": "", "telegram_chat_id": ""},
    }


def test_users_change_their_own_contacts(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)

    answer = client.patch(
        "/api/user/me/",
        {"phone": "79001234567", "timezone": "Asia/Tokyo", "is_admin": True},
        "json",
    )

    assert answer.status_code == 200
    assert answer.json()["contacts"]["phone"] == "79001234567"
    assert answer.json()["timezone"] == "Asia/Tokyo"
    assert answer.json()["is_admin"] is False
    assert client.patch("/api/user/me/", {"phone": ""}, "json").status_code == 200
    assert UserProfile.objects.get().phone == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "europe/moscow"),
        ("timezone", " UTC"),
        ("timezone", "../etc/passwd"),
        ("timezone", ""),
        ("phone", "79001234567\n"),
        ("phone", "7900123456"),
        ("phone", "٧٩٠٠١٢٣٤٥٦٧"),
        ("phone", " 79001234567"),
        ("phone", "89001234567"),
        ("language", "de"),
        ("email", "nobody"),
        ("telegram_chat_id", "x"),
        ("first_name", "a" * 151),
    ],
)
def test_bad_values_are_400_and_change_nothing(
    alice: User,
    client_of: ClientOf,
    field: str,
    value: str,
) -> None:
    answer = client_of(alice).patch("/api/user/me/", {field: value}, "json")

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not UserProfile.objects.exists()


def test_all_time_zones_of_the_database_are_accepted() -> None:
    assert {"UTC", "Europe/Moscow", "America/New_York"} <= TIME_ZONES


def test_x8_a_service_creates_and_updates_a_user(
    db: None,
    service_client: APIClient,
) -> None:
    Team.objects.create(name="Engineering")

    created = service_client.put(PATH, EVERYTHING, "json")
    updated = service_client.put(PATH, {"first_name": "Anna"}, "json")

    assert (created.status_code, updated.status_code) == (201, 200)
    body = updated.json()
    assert (body["external_id"], body["username"]) == ("crm-7", "crm-7")
    assert (body["first_name"], body["last_name"]) == ("Anna", "Lee")
    assert body["team"]["name"] == "Engineering"
    assert (body["timezone"], body["language"]) == ("Europe/Moscow", "ru")
    assert body["contacts"] == {
        "email": "ann@example.com",
        "phone": "79001234567",
        "telegram_chat_id": "-100500",
    }
    assert not User.objects.get().has_usable_password()


def test_x8_external_ids_may_look_like_anything(
    alice: User,
    service_client: APIClient,
) -> None:
    paths = ["alice", "%D0%96 x", "a%20b%26c", "x" * 150]

    answers = [
        service_client.put(f"/api/users/by-external-id/{path}/", {}, "json")
        for path in paths
    ]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["username"] for answer in answers}) == 4


@pytest.mark.parametrize("path", ["%00", "x" * 151, "a%0Ab"])
def test_external_ids_that_cannot_be_stored_are_400(
    service_client: APIClient,
    path: str,
) -> None:
    answer = service_client.put(f"/api/users/by-external-id/{path}/", {}, "json")

    assert answer.status_code == 400
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"team": "Nowhere"},
        {"team_id": 999_999},
        {"team_id": 2**70},
        {"team": None, "team_id": None},
        {"username": "alice"},
        {"username": "a b"},
        {"phone": "1"},
        {"is_active": "perhaps"},
    ],
)
def test_a_bad_upsert_is_400_and_creates_nobody(
    alice: User,
    service_client: APIClient,
    change: dict[str, Any],
) -> None:
    answer = service_client.put(PATH, change, "json")

    assert answer.status_code == 400
    assert not User.objects.filter(external_id="crm-7").exists()


def test_an_update_cannot_take_somebodys_name(
    alice: User,
    service_client: APIClient,
) -> None:
    service_client.put(PATH, {}, "json")

    answer = service_client.put(PATH, {"username": "alice", "email": "a@b.cd"}, "json")

    assert answer.status_code == 400
    assert User.objects.get(external_id="crm-7").email == ""


@pytest.mark.django_db(transaction=True)
def test_x8_a_user_who_is_disabled_from_outside_is_logged_out(
    alice: User,
    service_client: APIClient,
    announced: list[int],
) -> None:
    User.objects.update(external_id="crm-7")
    token_of(alice)

    answer = service_client.put(PATH, {"is_active": False}, "json")

    assert answer.status_code == 200
    assert not selectors.tokens_of(alice.pk).exists()
    assert alice.pk in announced


def test_staff_are_not_disabled_from_outside(
    boss: User,
    service_client: APIClient,
) -> None:
    User.objects.update(external_id="crm-7")

    answer = service_client.put(PATH, {"is_active": False}, "json")

    assert answer.status_code == 403
    boss.refresh_from_db()
    assert boss.is_active


@pytest.mark.parametrize("who", ["alice", "boss"])
def test_people_do_not_write_other_people(
    request: pytest.FixtureRequest,
    client_of: ClientOf,
    who: str,
) -> None:
    client = client_of(request.getfixturevalue(who))

    assert client.put(PATH, {}, "json").status_code == 403
    assert APIClient().put(PATH, {}, "json").status_code == 401


def test_selectors_know_active_users_only(alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(external_id="a", is_active=True)
    User.objects.filter(pk=bob.pk).update(external_id="b", is_active=False)

    assert selectors.find_user(user_id=alice.pk) == alice
    assert selectors.find_user(external_id="a") == alice
    assert selectors.find_user(user_id=bob.pk) is None
    assert selectors.find_user(external_id="b") is None
    assert selectors.find_user() is None
    assert selectors.active_user_ids(user_ids=[alice.pk, bob.pk, 0]) == {alice.pk}
    assert list(selectors.audience(None)) == [alice]
    assert list(selectors.audience(alice.team_id)) == [alice]


def test_a41_users_have_a_team_and_may_be_administrators(alice: User) -> None:
    alice.is_admin = True
    alice.save(update_fields=["is_admin"])

    assert User.objects.get(is_admin=True, team__name="Engineering") == alice
    with pytest.raises(IntegrityError), transaction.atomic():
        Team.objects.create(name="Engineering")


def test_a40_the_demo_has_teams_and_users_and_may_be_loaded_twice(db: None) -> None:
    call_command("setup_test_data", "--force", stdout=io.StringIO())
    hashes = dict(User.objects.values_list("username", "password"))
    User.objects.filter(username="john_eng").update(is_active=False)

    call_command("setup_test_data", "--force", stdout=io.StringIO())

    assert dict(User.objects.values_list("username", "password")) == hashes
    teams = {
        user.username: user.team.name if user.team else None
        for user in User.objects.select_related("team")
    }
    assert teams == {
        "admin": None,
        "john_eng": "Engineering",
        "sarah_eng": "Engineering",
        "mike_marketing": "Marketing",
        "lisa_ops": "Operations",
    }
    admin = User.objects.get(username="admin")
    assert (admin.is_admin, admin.is_staff, admin.is_superuser) == (True, True, True)
    assert admin.check_password("admin123")
    john = User.objects.get(username="john_eng")
    assert john.check_password("password123")
    assert john.is_active
    assert john.email
    assert john.profile.phone.startswith("7900")
    assert john.profile.telegram_chat_id
    john.full_clean()
    john.profile.full_clean()


def test_a40_the_demo_refuses_without_demo_debug_or_force(
    db: None,
    settings: Any,
) -> None:
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("setup_test_data")
    assert not User.objects.exists()

    settings.DEMO = True
    call_command("setup_test_data", stdout=io.StringIO())

    assert User.objects.count() == 5


def test_a40_other_apps_add_their_part(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "_parts", {})
    seen: list[int] = []
    demo.register("alerts", lambda: seen.append(User.objects.count()))

    parts = demo.load()

    assert parts == ["teams and users", "alerts"]
    assert seen == [5]


def test_x9_createsuperuser_sets_is_admin(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")

    call_command(
        "createsuperuser",
        "--noinput",
        username="root",
        email="root@example.com",
        stdout=io.StringIO(),
    )

    assert User.objects.get().is_admin
