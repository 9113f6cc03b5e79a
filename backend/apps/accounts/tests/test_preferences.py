"""What users want to hear outside of the page, and when."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from apps.accounts import preferences, vocabulary
from apps.accounts.models import ChannelPreference, QuietHours, User
from apps.accounts.preferences import QuietHoursChange, Verdict

PATH = "/api/user/preferences/"
MIDNIGHT = datetime(2026, 6, 2, tzinfo=UTC)
SEVEN = MIDNIGHT + timedelta(hours=7)
NIGHT = QuietHoursChange(enabled=True, start=time(22), end=time(7))


@pytest.fixture
def client(alice: User, client_of: Callable[[User], APIClient]) -> Iterator[APIClient]:
    """Call as Alice, at midnight in UTC, which is her zone."""
    with time_machine.travel(MIDNIGHT, tick=False):
        yield client_of(alice)


def verdict(user: User, **said: str) -> Verdict:
    said = {"channel": "sms", "kind": "message", "severity": "info", **said}
    return preferences.verdict(user_id=user.pk, now=MIDNIGHT, **said)


def choose(user: User, **channels: bool) -> None:
    preferences.change(user, choices={"message": channels}, hours=None)


@given(
    st.booleans(),
    st.one_of(st.none(), st.just(SEVEN)),
    st.sampled_from(["info", "warning", "critical"]),
)
def test_what_is_critical_is_always_allowed_and_nothing_else_against_a_wish(
    is_enabled: bool,
    quiet_until: datetime | None,
    severity: str,
) -> None:
    said = preferences.decide(
        severity=severity, is_enabled=is_enabled, quiet_until=quiet_until
    )

    if severity == "critical":
        assert said == preferences.ALLOWED
    else:
        assert said.allowed == (is_enabled and quiet_until is None)
        assert said.held_until == (quiet_until if is_enabled else None)
    assert said.allowed == (not said.reason)


def test_without_a_choice_everything_comes_at_any_time(alice: User) -> None:
    assert verdict(alice) == preferences.ALLOWED


def test_a_channel_switched_off_for_a_kind_is_off_for_that_kind(alice: User) -> None:
    choose(alice, sms=False)

    assert verdict(alice) == Verdict(allowed=False, reason="switched_off")
    assert verdict(alice, channel="email").allowed
    assert verdict(alice, kind="alert").allowed


def test_the_star_decides_for_every_kind_without_a_choice_of_its_own(
    alice: User,
) -> None:
    choices = {"*": {"sms": False}, "alert": {"sms": True}}
    preferences.change(alice, choices=choices, hours=None)

    assert not verdict(alice, kind="orders").allowed
    assert verdict(alice, kind="alert").allowed


def test_quiet_hours_hold_back_until_they_end(alice: User) -> None:
    preferences.change(alice, choices={}, hours=NIGHT)

    said = verdict(alice)

    assert said == Verdict(allowed=False, held_until=SEVEN, reason="quiet_hours")


def test_quiet_hours_are_told_by_the_clock_of_the_user(alice: User) -> None:
    preferences.change(alice, choices={}, hours=NIGHT)
    alice.timezone = "Asia/Kathmandu"
    alice.save(update_fields=["timezone"])

    assert verdict(alice).held_until == MIDNIGHT + timedelta(hours=1, minutes=15)


def test_what_is_critical_is_neither_switched_off_nor_held(alice: User) -> None:
    choices = {"*": {"sms": False}, "message": {"sms": False}}
    preferences.change(alice, choices=choices, hours=NIGHT)

    assert verdict(alice, severity="critical") == preferences.ALLOWED


def test_asking_costs_two_queries(
    alice: User,
    django_assert_max_num_queries: Any,
) -> None:
    preferences.change(alice, choices={"*": {"sms": True}}, hours=NIGHT)

    with django_assert_max_num_queries(2):
        verdict(alice)


def test_the_users_for_whom_it_is_quiet_are_found_at_once(
    alice: User,
    bob: User,
    django_assert_max_num_queries: Any,
) -> None:
    preferences.change(alice, choices={}, hours=NIGHT)

    with django_assert_max_num_queries(1):
        quiet = preferences.quiet_until([alice.pk, bob.pk], now=MIDNIGHT)

    assert quiet == {alice.pk: SEVEN}


def test_the_api_shows_every_known_kind_and_channel(client: APIClient) -> None:
    shown = client.get(PATH).json()

    assert shown["channels"] == list(vocabulary.channels())
    assert {"*", "alert", "mailing", "message"} <= shown["kinds"].keys()
    assert shown["kinds"]["message"] == dict.fromkeys(shown["channels"], True)
    assert shown["quiet_hours"] == {"enabled": False, "start": "22:00", "end": "07:00"}
    assert (shown["timezone"], shown["quiet_until"]) == ("UTC", None)
    assert shown["critical"]["locked"] is True
    assert "cannot be switched off" in shown["critical"]["reason"]


def test_patch_changes_what_is_said_and_nothing_else(client: APIClient) -> None:
    client.patch(PATH, {"kinds": {"orders": {"sms": False}}}, format="json")

    hours = {"enabled": True, "end": "06:30"}
    answer = client.patch(PATH, {"quiet_hours": hours}, format="json")

    shown = answer.json()
    assert answer.status_code == 200
    assert shown["kinds"]["orders"]["sms"] is False
    assert shown["quiet_hours"] == {"enabled": True, "start": "22:00", "end": "06:30"}
    assert shown["quiet_until"] == "2026-06-02T06:30:00Z"


def test_put_forgets_what_is_not_said(client: APIClient, alice: User) -> None:
    preferences.change(alice, choices={"orders": {"sms": False}}, hours=NIGHT)

    answer = client.put(PATH, {"kinds": {"*": {"email": False}}}, format="json")

    assert answer.json()["kinds"]["alert"]["email"] is False
    assert "orders" not in answer.json()["kinds"]
    assert ChannelPreference.objects.get().kind == "*"
    assert not QuietHours.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"critical": {"email": False}},
        {"kinds": {"critical": {"email": False}}},
    ],
    ids=str,
)
def test_switching_off_what_is_critical_is_refused_in_plain_words(
    client: APIClient,
    body: dict[str, Any],
) -> None:
    answer = client.patch(PATH, body, format="json")

    assert answer.status_code == 400
    assert "critical cannot be switched off" in answer.content.decode()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"kinds": {"alert": {"fax": True}}}, ["kinds", "alert"]),
        ({"kinds": {"alert": {"sms": "no"}}}, ["kinds", "alert", "sms"]),
        ({"kinds": {"alert": {"sms": None}}}, ["kinds", "alert", "sms"]),
        ({"kinds": {"Alert!": {"sms": True}}}, ["kinds", "Alert!"]),
        ({"kinds": {"": {"sms": True}}}, ["kinds", ""]),
        ({"kinds": {"x" * 65: {"sms": True}}}, ["kinds", "x" * 65]),
        ({"kinds": []}, ["kinds"]),
        ({"kinds": {"alert": []}}, ["kinds", "alert"]),
        ({"quiet_hours": {"start": "25:00"}}, ["quiet_hours", "start"]),
        ({"quiet_hours": {"start": "٠٧:٠٠"}}, ["quiet_hours", "start"]),
        ({"quiet_hours": {"start": 700}}, ["quiet_hours", "start"]),
        ({"quiet_hours": {"start": "07:00"}}, ["quiet_hours", "end"]),
        ({"quiet_hours": {"enabled": 1}}, ["quiet_hours", "enabled"]),
        ({"quiet_hours": {"zone": "UTC"}}, ["quiet_hours", "zone"]),
        ({"quiet_hours": None}, ["quiet_hours"]),
        ({"sounds": True}, ["sounds"]),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_at_the_field(
    client: APIClient,
    body: object,
    named: list[str],
) -> None:
    answer = client.patch(PATH, body, format="json")

    assert answer.status_code == 400
    error = answer.json()
    for name in named:
        assert set(error) == {name}
        error = error[name]
    assert not ChannelPreference.objects.exists()


def test_the_number_of_kinds_of_a_user_is_bounded(client: APIClient) -> None:
    kinds = {f"kind{number}": {"sms": True} for number in range(100)}

    assert client.patch(PATH, {"kinds": kinds}, format="json").status_code == 200
    answer = client.patch(PATH, {"kinds": {"more": {"sms": True}}}, format="json")

    assert answer.status_code == 400
    assert answer.json() == {"kinds": ["At most 100 kinds."]}


def test_preferences_are_ones_own(
    client: APIClient,
    bob: User,
    client_of: Callable[[User], APIClient],
) -> None:
    client.patch(PATH, {"kinds": {"*": {"sms": False}}}, format="json")

    shown = client_of(bob).get(PATH).json()

    assert shown["kinds"]["*"]["sms"] is True
