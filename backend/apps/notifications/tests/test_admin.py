"""The administration: look, send, withdraw."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.notifications import broadcasts, services
from apps.notifications.models import Broadcast, Notification
from apps.notifications.tests.builders import a_broadcast, a_team, a_user

LIST = reverse("admin:notifications_notification_changelist")
ADD = reverse("admin:notifications_notification_add")

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    """Log a superuser in."""
    client.force_login(a_user("root", is_staff=True, is_superuser=True))
    return client


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcasts, "wake", lambda: None)


def form(**fields: object) -> dict[str, Any]:
    """Fill the form in as a browser does."""
    said = {"severity": "info", "kind": "message", **fields}
    return {name: str(value) for name, value in said.items()}


def test_a_notification_is_sent_from_the_form(admin: Client, ann: User) -> None:
    assert admin.get(ADD).status_code == 200

    answer = admin.post(ADD, form(recipient=ann.pk, payload='{"b": 1, "a": 2}'))

    row = Notification.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert (row.recipient, row.seq, row.payload) == (ann, 1, '{"b": 1, "a": 2}')
    assert row.source.startswith("user:")
    assert LogEntry.objects.get().object_id == str(row.pk)


@pytest.mark.parametrize("audience", ["team", "everyone"])
def test_a_broadcast_is_sent_from_the_form(admin: Client, audience: str) -> None:
    team = a_team()
    chosen = team.pk if audience == "team" else "on"

    answer = admin.post(ADD, form(title="Hello", **{audience: chosen}))

    row = Broadcast.objects.get()
    assert answer["Location"] == reverse("admin:notifications_broadcast_changelist")
    assert (row.team, row.title) == (team if audience == "team" else None, "Hello")
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"payload": "1"}, "Choose one"),
        ({"payload": "1", "everyone": "on", "recipient": "ann"}, "Choose one"),
        ({"recipient": "ann"}, "Give a payload, or a title."),
        ({"recipient": "ann", "payload": "{"}, "not valid JSON"),
        ({"recipient": "ann", "payload": "null"}, "may not be null"),
        ({"recipient": "ann", "payload": '"' + "x" * 32_768 + '"'}, "32768 bytes"),
        (
            {"recipient": "ann", "title": "T", "url": "javascript:1"},
            "Must start with /",
        ),
        ({"recipient": "ann", "title": "T", "kind": "Loud"}, "Must match"),
    ],
)
def test_a_wrong_form_is_shown_again(
    *,
    admin: Client,
    ann: User,
    fields: dict[str, str],
    error: str,
) -> None:
    if "recipient" in fields:
        fields = {**fields, "recipient": str(ann.pk)}

    answer = admin.post(ADD, form(**fields))

    assert answer.status_code == 200
    assert error in answer.content.decode()
    assert not Notification.objects.exists()
    assert not Broadcast.objects.exists()


def test_the_list_is_the_same_number_of_queries_however_long(
    admin: Client,
    ann: User,
    bob: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for user in (ann, bob) * 10:
        services.notify(recipient=user, payload={})
    admin.get(LIST)

    # Session, user, kinds, teams, counts and one for the rows.
    with django_assert_max_num_queries(10):
        page = admin.get(LIST)

    assert page.content.decode().count("/notification/") >= 20


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=ann", 2),
        ("q=Special", 1),
        ("severity__exact=critical", 1),
        ("kind=order", 1),
        ("state=unread", 2),
        ("state=read", 1),
        ("state=nonsense", 0),
    ],
)
def test_the_list_is_searched_and_filtered(
    *,
    admin: Client,
    ann: User,
    bob: User,
    query: str,
    count: int,
) -> None:
    services.notify(recipient=ann, title="Special", payload={}, severity="critical")
    services.notify(recipient=ann, payload={}, kind="order")
    row = services.notify(recipient=bob, payload={})
    services.mark_read(bob.pk, [row.key])

    page = admin.get(f"{LIST}?{query}")

    assert page.context["cl"].queryset.count() == count


def test_a_whole_key_is_found(admin: Client, ann: User) -> None:
    row = services.notify(recipient=ann, payload={})
    services.notify(recipient=ann, payload={})

    page = admin.get(f"{LIST}?q={row.key}")

    assert list(page.context["cl"].queryset) == [row]


def test_a_notification_is_shown_escaped_and_cannot_be_changed(
    admin: Client,
    ann: User,
) -> None:
    text = "<script>alert(1)</script>"
    row = services.notify(recipient=ann, payload={"x": text}, title=text)
    address = reverse("admin:notifications_notification_change", args=[row.pk])

    page = admin.get(address)

    assert page.status_code == 200
    assert text not in page.content.decode()
    assert "&lt;script&gt;" in page.content.decode()
    assert admin.post(address, form(title="changed")).status_code == 403
    assert "/delete/" not in page.content.decode()


def test_notifications_are_withdrawn(admin: Client, ann: User) -> None:
    row = services.notify(recipient=ann, payload={})

    admin.post(LIST, {"action": "withdraw", "_selected_action": [row.pk]})

    row.refresh_from_db()
    assert row.withdrawn_at is not None


def test_broadcasts_show_their_progress(admin: Client) -> None:
    row = a_broadcast(sent=3, team=a_team("red"))
    page = admin.get(reverse("admin:notifications_broadcast_changelist"))
    detail = admin.get(reverse("admin:notifications_broadcast_change", args=[row.pk]))

    assert "3 of 0" in page.content.decode()
    assert "red" in page.content.decode()
    assert detail.status_code == 200


def test_staff_who_may_only_look_do_not_send(client: Client, ann: User) -> None:
    watcher = a_user(is_staff=True)
    watcher.user_permissions.add(
        Permission.objects.get(codename="view_notification"),
    )
    client.force_login(watcher)

    assert client.get(LIST).status_code == 200
    assert client.post(ADD, form(recipient=ann.pk, payload="1")).status_code == 403
    assert not Notification.objects.exists()


def test_administrators_among_the_staff_may_send(client: Client, ann: User) -> None:
    client.force_login(a_user(is_staff=True, is_admin=True))

    client.post(ADD, form(recipient=ann.pk, title="Hello"))

    assert Notification.objects.get().recipient == ann


def test_the_button_opens_the_form(admin: Client) -> None:
    assert "Send a notification" in admin.get(LIST).content.decode()
    answer = admin.get(reverse("admin:notifications_notification_send"))
    assert answer["Location"] == ADD
