"""The hourglass: whatever comes in by any entrance leaves by every exit it may use."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.accounts.models import User, UserProfile
from apps.delivery.tests.faulty_server import FaultyServer, Request, head
from apps.events import sends
from apps.events.policy import TemplateText
from apps.events.tests.builders import an_event
from apps.notifications import broadcasts, delivering, selectors, services
from consumers.messages import Incoming
from consumers.notifications import drafts

TEXT = "The tower is on fire"
OUTSIDE = ("email", "sms", "telegram", "webhook")
EVERYWHERE = ("in_app", *OUTSIDE)
pytestmark = pytest.mark.django_db


@dataclass
class World:
    """Somebody with every address, an administrator's client, and what left."""

    user: User
    api: APIClient
    server: FaultyServer

    def post(self, path: str, body: dict[str, Any]) -> None:
        answer = self.api.post(path, body, format="json")
        assert 200 <= answer.status_code < 300, answer.content


def _respond(request: Request) -> Iterator[bytes]:
    if "sendMessage" in request.path:
        body = b'{"ok": true, "result": {"message_id": 1}}'
    else:
        body = b'{"code": 0, "message": "OK"}'
    yield head(200, len(body)) + body


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    with FaultyServer(_respond) as server:
        settings.SMS_GATEWAY_URL = settings.TELEGRAM_API_URL = server.url
        settings.TELEGRAM_BOT_TOKEN = "1:canary"
        settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
        user = User.objects.create(username="ann", email="ann@example.org")
        UserProfile.objects.create(
            user=user,
            phone="79110000000",
            telegram_chat_id="5",
            addresses={"webhook": f"{server.url}/hook"},
        )
        api = APIClient()
        chief = User.objects.create(username="chief", is_admin=True)
        api.force_authenticate(chief)
        yield World(user, api, server)


def by_notify(world: World, channel: str) -> None:
    services.notify(recipient=world.user, title=TEXT, channels=[channel])


def by_the_shortcut(world: World, channel: str) -> None:
    services.notify_user_by_id(str(world.user.pk), {"text": TEXT})


def by_the_ladder_over_http(world: World, channel: str) -> None:
    body = {"user_id": world.user.pk, "message": TEXT, "channels": [channel]}
    world.post("/api/notify/", body)


def by_sending_over_http(world: World, channel: str) -> None:
    body = {"user_id": world.user.pk, "payload": {"text": TEXT}}
    world.post("/api/notifications/send/", body)


def by_bulk(world: World, channel: str) -> None:
    body = {"notifications": [{"user_id": world.user.pk, "title": TEXT}]}
    world.post("/api/notifications/send/bulk/", body)


def by_broadcast(world: World, channel: str) -> None:
    world.post("/api/notifications/send/broadcast/", {"everyone": True, "title": TEXT})
    while broadcasts.send_next_chunk():
        continue


def by_rabbitmq(world: World, channel: str) -> None:
    body = json.dumps({"user_id": world.user.pk, "title": TEXT}).encode()
    message = Incoming(
        tag=1,
        generation=1,
        is_dead=False,
        is_redelivered=False,
        body=body,
        body_size=len(body),
    )
    found = drafts([message])
    services.notify_many([each for each in found if isinstance(each, services.Draft)])


def by_event(world: World, channel: str) -> None:
    content = json.dumps({"text": TEXT}) if channel == "webhook" else TEXT
    subject = "Fire" if channel in {"email", "in_app"} else ""
    event = an_event(
        TemplateText(channel=channel, locale="en", subject=subject, content=content)
    )
    part = {"user_ids": [world.user.pk], "metadata": {}}
    world.post(f"/api/events/{event.pk}/send_notifications/", {channel: part})
    while sends.send_next_chunk():
        continue


ENTRANCES: dict[Callable[[World, str], None], tuple[str, ...]] = {
    by_notify: EVERYWHERE,
    by_the_ladder_over_http: EVERYWHERE,
    by_event: EVERYWHERE,
    by_the_shortcut: ("in_app",),
    by_sending_over_http: ("in_app",),
    by_bulk: ("in_app",),
    by_broadcast: ("in_app",),
    by_rabbitmq: ("in_app",),
}


def left_by(world: World) -> dict[str, list[str]]:
    """Return what left, by exit."""
    bodies = [(each.path, each.body.decode()) for each in world.server.requests]
    shown = selectors.inbox(world.user.pk)
    return {
        "in_app": [f"{row.title} {row.body} {row.payload}" for row in shown],
        "email": [f"{each.subject} {each.body}" for each in mail.outbox],
        "sms": [body for path, body in bodies if path.startswith("/v1/send/")],
        "telegram": [body for path, body in bodies if "sendMessage" in path],
        "webhook": [body for path, body in bodies if path == "/hook"],
    }


@pytest.mark.parametrize(
    ("entrance", "channel"),
    [(entrance, each) for entrance, exits in ENTRANCES.items() for each in exits],
)
def test_what_comes_in_goes_out_once_where_it_was_meant_to(
    world: World, entrance: Callable[[World, str], None], channel: str
) -> None:
    entrance(world, channel)
    delivering.work(5)

    found = left_by(world)
    assert len(found[channel]) == 1
    assert TEXT in found[channel][0]
    assert not any(texts for name, texts in found.items() if name != channel)
