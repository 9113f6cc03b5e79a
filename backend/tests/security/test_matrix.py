"""Who may do what, on every route of the URL table; an unlisted route fails.

Source: the security matrix of docs/security.md.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts import service_keys, tokens
from apps.accounts.models import User
from apps.accounts.operators import OPERATORS
from apps.alerts import services as alerts
from apps.alerts.models import Alert
from apps.alerts.services import Author
from apps.common import clock
from apps.events import services as events
from apps.events.models import Event
from apps.events.services import Owner
from apps.mailings import clients as mailing_clients
from apps.mailings import services as mailings
from apps.mailings.models import Client as MailingClient
from apps.mailings.models import Mailing
from apps.notifications import services
from apps.notifications.models import Notification
from tests.security.routes import admin_patterns, routes, sample_path

PEOPLE = ("user", "other", "admin", "superuser", "operator")
SERVICES = tuple(service_keys.SCOPES)
ROLES = ("anonymous", *PEOPLE, "inbox token", "scopeless", *SERVICES)
PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Cell:
    """What is sent to one route, and what each role is answered."""

    expected: dict[str, int]
    body: dict[str, Any] = field(default_factory=dict)


def everybody(status: int) -> dict[str, int]:
    return dict.fromkeys(ROLES, status)


def only(status: int, *roles: str, **others: int) -> dict[str, int]:
    """Say who gets `status`; anonymous gets 401 and everybody else 403."""
    allowed = dict.fromkeys(roles, status)
    return {**everybody(403), "anonymous": 401, **allowed, **others}


SENDERS = ("admin", "superuser", "notify:send")
BROADCASTERS = ("admin", "superuser", "notify:broadcast")
INBOX = (*PEOPLE, "inbox token")
STRANGERS = {"other": 404, "admin": 404, "superuser": 404, "operator": 404}
OWN_ITEM = only(200, "user", "inbox token", **STRANGERS)
ALERT_AUTHORS = ("admin", "superuser", "alerts:write")
ALERT_TIMES = {
    "start_time": "2024-01-01T00:00:00Z",
    "expiry_time": "2024-01-02T00:00:00Z",
}
OWN_ALERT = only(200, "user", **STRANGERS)
# The world's event is the administrators': services see their own alone.
SERVICES_OF_EVENTS = ("events:write", "events:send")
EVENT_ADMINS = {"admin": 200, "superuser": 200}
EVENT_READERS = (*EVENT_ADMINS, *SERVICES_OF_EVENTS)
EVENT_WRITERS = (*EVENT_ADMINS, "events:write")
EVENT = "api/events/<int:event_id>/"
LOGIN = {"username": "nobody-at-all", "password": "wrong"}
ITEM = "api/user/notifications/<uuid:key>/"

MAILERS = ("operator", "superuser", "mailings:write")
MAIL_READERS = (*MAILERS, "mailings:read")
MAILING = "api/mailings/<int:mailing_id>/"
# A service without the scope for everybody names a part of the clients.
A_MAILING = {"text": "Hello", "tag": "vip", "date_end": "2030-01-01T00:00:00Z"}

TABLE: dict[tuple[str, str], Cell] = {
    ("", "GET"): Cell(everybody(200)),
    ("healthz", "GET"): Cell(everybody(200)),
    ("readyz", "GET"): Cell(everybody(200)),
    # The test client comes from this host; test_metrics.py has the others.
    ("metrics", "GET"): Cell(everybody(200)),
    ("api/", "GET"): Cell(everybody(200)),
    ("api/status/", "GET"): Cell(everybody(200)),
    ("api/notifications/", "GET"): Cell(everybody(200)),
    # For staff that is logged in; apps/sandbox/tests look at them as such.
    ("sandbox/", "GET"): Cell(everybody(302)),
    ("sandbox/arrivals/", "GET"): Cell(everybody(302)),
    ("sandbox/switch/", "GET"): Cell(everybody(405)),
    ("sandbox/clear/", "GET"): Cell(everybody(405)),
    ("docs/", "GET"): Cell(everybody(200)),
    ("api/docs/", "GET"): Cell(everybody(200)),
    ("redoc/", "GET"): Cell(everybody(200)),
    (r"^docs\.(?P<format>json|yaml)$", "GET"): Cell(everybody(200)),
    ("api/auth/token/", "POST"): Cell(everybody(401), LOGIN),
    ("api/auth/session/", "POST"): Cell(everybody(401), LOGIN),
    ("api/auth/logout/", "POST"): Cell(only(204, *PEOPLE)),
    ("api/auth/logout-all/", "POST"): Cell(only(204, *PEOPLE)),
    ("api/auth/ticket/", "POST"): Cell(
        # The right service is asked for whom.
        only(201, *INBOX) | {"tickets:mint": 400},
    ),
    ("api/user/me/", "GET"): Cell(only(200, *PEOPLE)),
    ("api/user/me/", "PATCH"): Cell(only(200, *PEOPLE), {"first_name": "Ann"}),
    ("api/user/preferences/", "GET"): Cell(only(200, *PEOPLE)),
    ("api/user/preferences/", "PUT"): Cell(only(200, *PEOPLE)),
    ("api/user/preferences/", "PATCH"): Cell(only(200, *PEOPLE)),
    ("api/user/sessions/", "GET"): Cell(only(200, *PEOPLE)),
    ("api/user/sessions/<str:session_id>/", "DELETE"): Cell(only(404, *PEOPLE)),
    ("api/user/password/", "POST"): Cell(only(400, *PEOPLE)),
    ("api/users/by-external-id/<str:external_id>/", "PUT"): Cell(
        only(201) | {"users:write": 201},
        {"first_name": "Ann"},
    ),
    ("api/notifications/send/", "POST"): Cell(
        only(200, *SENDERS),
        {"user_id": "<user>", "payload": {"text": "hello"}},
    ),
    ("api/notifications/send/bulk/", "POST"): Cell(
        only(200, *SENDERS),
        {"notifications": [{"user_id": "<user>", "payload": {"text": "hello"}}]},
    ),
    ("api/notifications/send/broadcast/", "POST"): Cell(
        only(202, *BROADCASTERS),
        {"everyone": True, "payload": {"text": "hello"}},
    ),
    ("api/notify/", "POST"): Cell(
        only(200, *SENDERS),
        {"user_id": "<user>", "message": "hello", "channels": ["email"]},
    ),
    # A service sees its own alone.
    ("api/notify/<int:notification_id>/", "GET"): Cell(only(404, *SENDERS)),
    ("api/notify/<int:notification_id>/resend/", "POST"): Cell(only(404, *SENDERS)),
    ("api/notify/<int:notification_id>/cancel/", "POST"): Cell(only(404, *SENDERS)),
    ("api/notifications/broadcasts/", "GET"): Cell(only(200, *BROADCASTERS)),
    ("api/notifications/broadcasts/<int:broadcast_id>/", "GET"): Cell(
        only(404, *BROADCASTERS),
    ),
    ("api/user/notifications/", "GET"): Cell(only(200, *INBOX)),
    ("api/user/notifications/counts/", "GET"): Cell(only(200, *INBOX)),
    ("api/user/notifications/read-all/", "POST"): Cell(only(200, *INBOX)),
    ("api/admin/alerts/", "GET"): Cell(only(200, *ALERT_AUTHORS)),
    ("api/admin/alerts/", "POST"): Cell(
        only(201, *ALERT_AUTHORS),
        {
            "title": "Maintenance",
            "message": "Tonight.",
            "visibility_type": "user",
            "target_users": ["<user>"],
            **ALERT_TIMES,
        },
    ),
    ("api/admin/alerts/analytics/", "GET"): Cell(only(200, *ALERT_AUTHORS)),
    ("api/admin/alerts/<int:alert_id>/", "GET"): Cell(only(200, *ALERT_AUTHORS)),
    ("api/admin/alerts/<int:alert_id>/", "PUT"): Cell(
        only(200, *ALERT_AUTHORS),
        {"title": "Other"},
    ),
    ("api/admin/alerts/<int:alert_id>/", "PATCH"): Cell(
        only(200, *ALERT_AUTHORS),
        {"is_active": False},
    ),
    ("api/admin/alerts/<int:alert_id>/", "DELETE"): Cell(only(204, *ALERT_AUTHORS)),
    ("api/user/alerts/", "GET"): Cell(only(200, *PEOPLE)),
    ("api/user/alerts/<int:alert_id>/", "GET"): Cell(OWN_ALERT),
    ("api/user/alerts/<int:alert_id>/read/", "POST"): Cell(OWN_ALERT),
    ("api/user/alerts/<int:alert_id>/unread/", "POST"): Cell(OWN_ALERT),
    ("api/user/alerts/<int:alert_id>/snooze/", "POST"): Cell(OWN_ALERT),
    ("api/user/alerts/<int:alert_id>/snooze/", "DELETE"): Cell(OWN_ALERT),
    ("api/user/dashboard/", "GET"): Cell(only(200, *PEOPLE)),
    ("api/events/", "GET"): Cell(only(200, *EVENT_READERS)),
    ("api/events/", "POST"): Cell(only(201, *EVENT_WRITERS), {"name": "Shipped"}),
    (EVENT, "GET"): Cell(only(404, *SERVICES_OF_EVENTS, **EVENT_ADMINS)),
    (EVENT, "PUT"): Cell(only(404, "events:write", **EVENT_ADMINS)),
    (EVENT, "PATCH"): Cell(only(404, "events:write", **EVENT_ADMINS)),
    (EVENT, "DELETE"): Cell(
        only(404, "events:write", **dict.fromkeys(EVENT_ADMINS, 204)),
    ),
    (f"{EVENT}preview/", "POST"): Cell(
        only(404, *SERVICES_OF_EVENTS, **EVENT_ADMINS),
    ),
    ("api/clients/", "GET"): Cell(only(200, *MAIL_READERS)),
    ("api/clients/", "POST"): Cell(
        only(201, *MAILERS), {"phone_number": "79990000002"}
    ),
    ("api/clients/import/", "POST"): Cell(only(415, *MAILERS)),
    ("api/clients/imports/<int:import_id>/", "GET"): Cell(only(404, *MAIL_READERS)),
    ("api/clients/export/", "GET"): Cell(only(200, *MAILERS)),
    ("api/clients/<int:client_id>/", "GET"): Cell(only(200, *MAIL_READERS)),
    ("api/clients/<int:client_id>/", "PUT"): Cell(only(200, *MAILERS), {"tag": "a"}),
    ("api/clients/<int:client_id>/", "PATCH"): Cell(only(200, *MAILERS), {"tag": "a"}),
    ("api/clients/<int:client_id>/", "DELETE"): Cell(only(204, *MAILERS)),
    ("api/mailings/", "GET"): Cell(only(200, *MAIL_READERS)),
    ("api/mailings/", "POST"): Cell(only(201, *MAILERS), A_MAILING),
    ("api/mailings/fullinfo/", "GET"): Cell(only(200, *MAIL_READERS)),
    (MAILING, "GET"): Cell(only(200, *MAIL_READERS)),
    (MAILING, "PUT"): Cell(only(200, *MAILERS), {"text": "Hello"}),
    (MAILING, "PATCH"): Cell(only(200, *MAILERS), {"text": "Hello"}),
    (MAILING, "DELETE"): Cell(only(204, *MAILERS)),
    (f"{MAILING}info/", "GET"): Cell(only(200, *MAIL_READERS)),
    (f"{MAILING}preview/", "GET"): Cell(only(200, *MAIL_READERS)),
    # It runs, so it cannot be started or resumed.
    (f"{MAILING}start/", "POST"): Cell(only(409, *MAILERS)),
    (f"{MAILING}pause/", "POST"): Cell(only(200, *MAILERS)),
    (f"{MAILING}resume/", "POST"): Cell(only(409, *MAILERS)),
    (f"{MAILING}cancel/", "POST"): Cell(only(200, *MAILERS)),
    (f"{MAILING}copy/", "POST"): Cell(only(201, *MAILERS)),
    (f"{MAILING}resend_failed/", "POST"): Cell(only(200, *MAILERS)),
    ("api/messages/", "GET"): Cell(only(200, *MAIL_READERS)),
    ("api/messages/<int:message_id>/", "GET"): Cell(only(404, *MAIL_READERS)),
    (f"{EVENT}send_notifications/", "POST"): Cell(
        only(400, *EVENT_ADMINS) | {"events:send": 404},
    ),
    (f"{EVENT}notifications/", "GET"): Cell(
        only(404, "events:send", **EVENT_ADMINS),
    ),
    ("api/events/notifications/<int:message_id>/", "GET"): Cell(
        only(404, *EVENT_ADMINS, "events:send"),
    ),
    ("api/events/notifications/<int:message_id>/resend/", "POST"): Cell(
        only(404, *EVENT_ADMINS, "events:send"),
    ),
    (ITEM, "GET"): Cell(OWN_ITEM),
    (f"{ITEM}read/", "POST"): Cell(OWN_ITEM),
    (f"{ITEM}unread/", "POST"): Cell(OWN_ITEM),
    (f"{ITEM}archive/", "POST"): Cell(OWN_ITEM),
    (f"{ITEM}unarchive/", "POST"): Cell(OWN_ITEM),
}


@dataclass
class World:
    """Somebody in every role, and what there is of `user`."""

    clients: dict[str, APIClient]
    user: User
    notification: Notification
    alert: Alert
    event: Event
    mailing: Mailing
    client: MailingClient

    def path(self, pattern: str) -> str:
        """Fill a route with what there is in this world."""
        known = pattern.replace("<uuid:key>", str(self.notification.key))
        known = known.replace("<int:alert_id>", str(self.alert.pk))
        known = known.replace("<int:mailing_id>", str(self.mailing.pk))
        known = known.replace("<int:client_id>", str(self.client.pk))
        return sample_path(known.replace("<int:event_id>", str(self.event.pk)))


@pytest.fixture
def world(settings: Any) -> World:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()
    flags: dict[str, dict[str, Any]] = {
        "admin": {"is_admin": True},
        "superuser": {"is_superuser": True, "is_staff": True},
    }
    people = {
        name: User.objects.create_user(
            name,
            password=PASSWORD,
            **flags.get(name, {}),
        )
        for name in PEOPLE
    }
    clients = {"anonymous": APIClient()}
    clients |= {name: _person(user) for name, user in people.items()}
    clients |= {name: _service([name]) for name in SERVICES}
    clients["scopeless"] = _service([])
    clients["inbox token"] = _inbox_token(people["user"])
    notification = services.notify(recipient=people["user"], payload={"a": 1})
    now = clock.now()
    alert = alerts.create(
        {
            "title": "Maintenance",
            "message": "Tonight.",
            "visibility_type": "user",
            "target_users": [people["user"].pk],
            "start_time": now - timedelta(hours=1),
            "expiry_time": now + timedelta(hours=1),
        },
        by=Author(),
    )
    event = events.create({"name": "Order shipped"}, owner=Owner())
    people["operator"].groups.add(Group.objects.get_or_create(name=OPERATORS)[0])
    mailing = mailings.create(
        {
            "text": "Hello",
            "tag": "vip",
            "date_start": now,
            "date_end": now + timedelta(hours=1),
        },
        by=mailings.Author(),
    )
    client = mailing_clients.create({"phone_number": "79990000001"})
    return World(clients, people["user"], notification, alert, event, mailing, client)


def _person(user: User) -> APIClient:
    made = tokens.create_token(user, lifetime=timedelta(hours=1), now=clock.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {made.token}")
    return client


def _service(scopes: list[str]) -> APIClient:
    made = service_keys.create_service_key("robot", scopes=scopes, now=clock.now())
    client = APIClient()
    client.credentials(
        HTTP_X_SERVICE_ID=made.key.service_id,
        HTTP_X_SERVICE_TOKEN=made.secret,
    )
    return client


def _inbox_token(user: User) -> APIClient:
    key = service_keys.create_service_key(
        "site",
        scopes=["tickets:mint"],
        now=clock.now(),
    ).key
    made = tokens.create_token(
        user,
        lifetime=timedelta(hours=1),
        now=clock.now(),
        minted_by=key,
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {made.token}")
    return client


def filled(value: Any, world: World) -> Any:
    """Put the user's id where the table says so."""
    if isinstance(value, dict):
        return {key: filled(item, world) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, world) for item in value]
    return world.user.pk if value == "<user>" else value


def found_cells() -> set[tuple[str, str]]:
    return {(route.pattern, method) for route in routes() for method in route.methods}


def test_the_table_lists_every_route_and_no_other() -> None:
    assert found_cells() == set(TABLE)


@pytest.mark.parametrize(("pattern", "method"), sorted(TABLE), ids=str)
def test_each_role_is_answered_as_the_table_says(
    world: World,
    pattern: str,
    method: str,
) -> None:
    cell = TABLE[pattern, method]
    path = world.path(pattern)
    body = "" if method == "GET" else json.dumps(filled(cell.body, world))

    answered = {}
    for role in ROLES:
        with undone():
            client = world.clients[role]
            answer = client.generic(method, path, body, "application/json")
            answered[role] = answer.status_code

    assert answered == cell.expected


@contextmanager
def undone() -> Iterator[None]:
    """Let each role find the world as it was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_anonymous_callers_change_nothing(world: World) -> None:
    before = Notification.objects.values_list("pk", "read_at", "archived_at")
    rows = list(before)
    users = list(User.objects.values_list("pk", "password", "first_name"))
    written = list(Alert.objects.values())

    for route in routes():
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            world.clients["anonymous"].generic(
                method,
                world.path(route.pattern),
                "{}",
                "application/json",
            )

    assert list(before.all()) == rows
    assert list(Alert.objects.values()) == written
    assert list(User.objects.values_list("pk", "password", "first_name")) == users


# The login form, its translations, and the way out of a session.
OPEN_ADMIN = {"admin/login/", "admin/jsi18n/", "admin/logout/"}


def test_the_admin_sends_everybody_but_staff_to_its_login(world: World) -> None:
    sessions = [Client(), _session("user"), _session("admin")]
    bearers = [world.clients[role] for role in ("admin", "superuser", *SERVICES)]
    patterns = set(admin_patterns())

    assert patterns > OPEN_ADMIN
    for pattern in sorted(patterns - OPEN_ADMIN):
        path = "/" + re.sub(r"<[^>]+>", "1", pattern)
        for client in (*sessions, *bearers):
            answer = client.get(path)
            assert answer.status_code == 302, path
            assert answer["Location"].startswith("/admin/login/"), path


def _session(username: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=username))
    return client
