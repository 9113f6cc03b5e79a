"""Alerts leave the page: once for each person and slot, each channel by itself."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps as django_apps
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import Team, User, UserProfile
from apps.alerts import (
    analytics,
    journal,
    outside,
    preferences,
    reminders,
    services,
    tasks,
)
from apps.alerts.models import Alert
from apps.alerts.services import Author
from apps.alerts.tests.conftest import Published
from apps.common import clock
from apps.conftest import BEGIN
from apps.delivery.tests.faulty_server import FaultyServer, answer
from apps.notifications import delivering, selectors
from apps.notifications import services as notifications
from apps.notifications.models import Delivery, Notification, SourceCounter


@pytest.fixture(autouse=True)
def quiet(published: Published) -> None:
    """Publish nothing."""


@pytest.fixture
def server(settings: Settings) -> Iterator[FaultyServer]:
    with FaultyServer(answer(200, b'{"code": 0, "message": "OK"}')) as running:
        settings.SMS_GATEWAY_URL = running.url
        yield running


@pytest.fixture
def people(engineering: Team, ann: User, bob: User, server: FaultyServer) -> list[User]:
    for number, user in enumerate((ann, bob)):
        User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.org")
        UserProfile.objects.create(user=user, phone=f"7911000000{number}")
    return [ann, bob]


def an_alert(**fields: Any) -> Alert:
    return services.create(
        {
            "title": "Fire",
            "message": "Leave the house.",
            "visibility_type": "organization",
            "start_time": BEGIN,
            "expiry_time": BEGIN + timedelta(days=1),
            "channels": ["in_app", "email", "sms"],
            **fields,  # type: ignore[typeddict-item]  # tests name what they need
        },
        by=Author(),
    )


def tell_all() -> None:
    while outside.tell_some(clock.now()):
        continue
    delivering.work(5)


def test_a_published_alert_goes_to_everybody_by_every_channel(
    people: list[User], moment: time_machine.Traveller, server: FaultyServer
) -> None:
    an_alert()

    tell_all()

    assert sorted(each.to[0] for each in mail.outbox) == [
        "ann@example.org",
        "bob@example.org",
    ]
    assert {each.subject for each in mail.outbox} == {"Fire"}
    assert len(server.requests) == 2
    assert selectors.counts(people[0].pk).total == 0


def test_nobody_is_told_twice(
    people: list[User], moment: time_machine.Traveller
) -> None:
    alert = an_alert()
    tell_all()
    services.update(alert.pk, {"title": "Fire!"})
    Alert.objects.update(outside_cursor=0)

    tell_all()

    assert Notification.objects.count() == 2


def test_an_alert_for_the_page_stays_there(
    people: list[User], moment: time_machine.Traveller
) -> None:
    an_alert(channels=["in_app"])

    tell_all()

    assert not Notification.objects.exists()


def test_a_later_start_waits(
    people: list[User], moment: time_machine.Traveller
) -> None:
    an_alert(start_time=BEGIN + timedelta(hours=1))
    tell_all()
    assert mail.outbox == []

    moment.shift(timedelta(hours=1))
    services.settle_due(clock.now())
    tell_all()

    assert len(mail.outbox) == 2


@pytest.mark.parametrize(
    ("step", "task", "cursor"),
    [
        ("_tell_next", tasks.tell_outside, "outside_cursor"),
        ("told", tasks.keep_journal, "told_cursor"),
    ],
)
def test_an_alert_that_always_fails_keeps_no_other_waiting(
    people: list[User],
    moment: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    task: Callable[[], None],
    cursor: str,
) -> None:
    _, broken, _ = (an_alert() for _ in range(3))
    module = outside if step == "_tell_next" else journal
    whole = getattr(module, step)

    def fails_for_one(alert: Alert, *args: Any, **options: Any) -> Any:
        if alert.pk == broken.pk:
            raise OSError
        return whole(alert, *args, **options)

    monkeypatch.setattr(module, step, fails_for_one)

    task()

    left = Alert.objects.filter(**{f"{cursor}__isnull": False})
    assert list(left.values_list("pk", flat=True)) == [broken.pk]


def test_a_withdrawn_alert_stops_what_has_not_left(
    people: list[User], moment: time_machine.Traveller
) -> None:
    alert = an_alert()
    while outside.tell_some(clock.now()):
        continue

    services.update(alert.pk, {"is_active": False})
    assert not Notification.objects.exclude(withdrawn_at=None).exists()
    tell_all()

    assert mail.outbox == []
    assert set(Delivery.objects.values_list("status", flat=True)) == {"cancelled"}


def test_an_alert_is_taken_back_in_batches_until_it_is_on_again(
    people: list[User],
    moment: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outside, "TAKEN_BACK_AT_ONCE", 1)
    alert = an_alert()
    assert outside.tell_some(clock.now())

    services.update(alert.pk, {"is_active": False})
    assert outside.tell_some(clock.now())
    services.update(alert.pk, {"is_active": True})
    tell_all()

    # The one that was taken back is told anew, the other as planned at first.
    assert len({each.to[0] for each in mail.outbox}) == len(mail.outbox) == 2
    assert not outside.tell_some(clock.now())


def test_an_alert_that_returns_tells_those_whom_it_has_not_told(
    people: list[User], moment: time_machine.Traveller, server: FaultyServer
) -> None:
    alert = an_alert()
    assert outside.tell_some(clock.now())
    first = Notification.objects.order_by("id").values_list("pk", flat=True)[0]
    assert notifications.deliver(first)
    services.update(alert.pk, {"is_active": False})
    tell_all()
    services.update(alert.pk, {"is_active": True})

    tell_all()

    assert sorted(each.to[0] for each in mail.outbox) == [
        "ann@example.org",
        "bob@example.org",
    ]
    assert len(server.requests) == 1


@pytest.mark.parametrize(("remind_outside", "mails"), [(True, 3), (False, 2)])
def test_reminders_leave_the_page_where_that_is_wanted(
    people: list[User],
    moment: time_machine.Traveller,
    *,
    remind_outside: bool,
    mails: int,
) -> None:
    alert = an_alert(remind_outside=remind_outside)
    tell_all()
    preferences.mark_read(people[0], alert.pk)

    moment.shift(timedelta(hours=2, seconds=1))
    while reminders.remind_some(alert.pk, now=clock.now()):
        continue
    delivering.work(5)

    assert len(mail.outbox) == mails


def test_the_figures_say_how_each_channel_did(
    people: list[User], moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = answer(400)
    alert = an_alert()

    tell_all()

    rows = analytics.of_one(alert, now=clock.now())["by_channel"]
    found = {row["channel"]: (row["told"], row["delivered"]) for row in rows}
    assert found["email"] == (2, 2)
    assert found["sms"] == (2, 0)


def test_the_figures_stay_when_the_notifications_go(
    people: list[User], moment: time_machine.Traveller
) -> None:
    alert = an_alert()
    tell_all()
    services.update(alert.pk, {"channels": ["in_app"]})

    notifications.prune(clock.now() + timedelta(days=400))

    assert not Notification.objects.exists()
    report = analytics.report(Alert.objects.all(), now=clock.now())
    channels = {each["channel"]: each for each in report.summary["by_channel"]}
    teams = {each["team"]: each["by_channel"] for each in report.summary["by_team"]}
    assert (channels["sms"]["told"], channels["sms"]["delivered"]) == (2, 2)
    assert {each["channel"]: each["delivered"] for each in teams["Engineering"]} == {
        "email": 1,
        "sms": 1,
    }


def test_what_was_sent_before_there_were_counters_is_counted_once(
    people: list[User], moment: time_machine.Traveller, server: FaultyServer
) -> None:
    server.respond = answer(400)
    an_alert()
    tell_all()
    services.update(an_alert().pk, {"is_active": False})
    for notification in Notification.objects.filter(delivery__channel="email"):
        notifications.resend(notification.pk)
    delivering.work(5)
    rows = SourceCounter.objects.order_by("source", "channel", "team_number")
    columns = ("source", "channel", "team_number", "told", "delivered")
    counted = list(rows.values_list(*columns))
    SourceCounter.objects.all().delete()

    migration = import_module("apps.alerts.migrations.0004_count_outside_channels")
    migration.count(django_apps, None)

    assert counted
    assert list(rows.values_list(*columns)) == counted


def test_the_alerts_page_leads_to_every_attempt(
    people: list[User],
    moment: time_machine.Traveller,
    admin_user: User,
    server: FaultyServer,
) -> None:
    client = Client()
    client.force_login(admin_user)
    alert = an_alert()
    tell_all()

    shown = client.get(reverse("admin:alerts_alert_change", args=[alert.pk]))
    place = reverse("admin:notifications_notificationattempt_changelist")
    attempts = client.get(place, {"q": f"alert:{alert.pk}"}).content.decode()
    numbers = client.get(reverse("admin:alerts_alert_numbers", args=[alert.pk]))

    assert f'href="{place}?q=alert:{alert.pk}"' in shown.content.decode()
    assert '<dt>SMS</dt><dd data-figure="sms">2 of 3</dd>' in shown.content.decode()
    assert numbers.json()["email"] == "3 of 3"
    assert "ann" in attempts
    assert "bob" in attempts
