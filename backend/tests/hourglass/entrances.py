"""The ways in: each tells one person a text by the channels it is asked to use."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.urls import reverse

from apps.alerts import outside
from apps.alerts import services as alerts
from apps.alerts.services import Author
from apps.common import clock
from apps.events import sends
from apps.events.models import Event
from apps.events.policy import TemplateText
from apps.events.tests.builders import an_event
from apps.notifications import broadcasts, services
from consumers import intake, messages
from consumers.tests.builders import a_message
from tests.hourglass.world import EXITS, World

Channels = Sequence[str]
Entrance = Callable[[World, str, Channels], None]


def python(world: World, text: str, channels: Channels) -> None:
    services.notify(recipient=world.person, title=text, channels=channels, mode="all")


def the_shortcut(world: World, text: str, channels: Channels) -> None:
    services.notify_user_by_id(str(world.person.pk), {"text": text})


def http_send(world: World, text: str, channels: Channels) -> None:
    body = {"user_id": world.person.pk, "payload": {"text": text}}
    world.post("/api/notifications/send/", body)


def http_bulk(world: World, text: str, channels: Channels) -> None:
    body = {"notifications": [{"user_id": world.person.pk, "title": text}]}
    world.post("/api/notifications/send/bulk/", body)


def http_broadcast(world: World, text: str, channels: Channels) -> None:
    world.post("/api/notifications/send/broadcast/", {"everyone": True, "title": text})
    while broadcasts.send_next_chunk():
        continue


def http_notify(world: World, text: str, channels: Channels) -> None:
    body = {
        "user_id": world.person.pk,
        "message": text,
        "channels": channels,
        "mode": "all",
    }
    world.post("/api/notify/", body)


def http_event(world: World, text: str, channels: Channels) -> None:
    event = event_saying(text, channels)
    world.post(f"/api/events/{event.pk}/send_notifications/", parts(world, channels))


def rabbitmq_notification(world: World, text: str, channels: Channels) -> None:
    intake.take([a_message({"user_id": world.person.pk, "payload": {"text": text}})])


def rabbitmq_event(world: World, text: str, channels: Channels) -> None:
    event = event_saying(text, channels)
    body = {"event_id": event.pk, **parts(world, channels)}
    intake.take([a_message(body, key=messages.EVENTS)])
    while sends.send_next_chunk():
        continue


def alert(world: World, text: str, channels: Channels) -> None:
    now = clock.now()
    alerts.create(
        {
            "title": "Fire",
            "message": text,
            "visibility_type": "user",
            "target_users": [world.person.pk],
            "start_time": now - timedelta(seconds=1),
            "expiry_time": now + timedelta(days=1),
            "channels": list(channels),
        },
        by=Author(),
    )
    while outside.tell_some(clock.now()):
        continue


def admin_form(world: World, text: str, channels: Channels) -> None:
    said = {"severity": "info", "kind": "message", "title": text}
    press(world, "notifications_notification_add", recipient=world.person.pk, **said)


def admin_trial(world: World, text: str, channels: Channels) -> None:
    event = event_saying(text, channels)
    for channel in channels:
        press(world, "events_event_preview_page", event.pk, metadata="{}", send=channel)


def admin_resend(world: World, text: str, channels: Channels) -> None:
    """Cancel it before a worker looks, and have it sent all the same."""
    row = services.notify(
        recipient=world.person, title=text, channels=channels, mode="all"
    )
    services.cancel(row.pk)
    press(world, "notifications_notification_resend", row.pk)


def event_saying(text: str, channels: Channels) -> Event:
    """Define an event that says a text by these channels."""
    templates = [
        TemplateText(
            channel=channel,
            locale="en",
            subject="Fire" if channel in {"email", "in_app"} else "",
            content=json.dumps({"text": text}) if channel == "webhook" else text,
        )
        for channel in channels
    ]
    return an_event(*templates, name=text)


def parts(world: World, channels: Channels) -> dict[str, Any]:
    """Say who is told by an event."""
    part = {"user_ids": [world.person.pk], "metadata": {}}
    return dict.fromkeys(channels, part)


def press(world: World, page: str, *numbers: int, **said: object) -> None:
    """Send a form of the administration.

    Raises: AssertionError where it comes back with errors.
    """
    answer = world.browser.post(reverse(f"admin:{page}", args=numbers), said)
    assert answer.status_code == 302, answer.content.decode()


def one_by_one(channels: Channels) -> list[tuple[str, ...]]:
    """Use each channel alone, then all of them together."""
    return [*((each,) for each in channels), tuple(channels)]


PAGE: list[tuple[str, ...]] = [("in_app",)]
# What each way in is asked for; all of it leaves, and nothing else does.
ENTRANCES: dict[Entrance, list[tuple[str, ...]]] = {
    python: one_by_one(EXITS),
    the_shortcut: PAGE,
    http_send: PAGE,
    http_bulk: PAGE,
    http_broadcast: PAGE,
    http_notify: one_by_one(EXITS),
    http_event: one_by_one(EXITS),
    rabbitmq_notification: PAGE,
    rabbitmq_event: one_by_one(EXITS),
    # An alert is always on the page.
    alert: [*PAGE, *(("in_app", each) for each in EXITS[1:]), EXITS],
    admin_form: PAGE,
    admin_trial: one_by_one(EXITS),
    admin_resend: one_by_one(EXITS[1:]),
}


def cells() -> list[tuple[Entrance, tuple[str, ...]]]:
    """Return every way in with everything that it is asked for."""
    return [
        (entrance, channels)
        for entrance, wanted in ENTRANCES.items()
        for channels in wanted
    ]
