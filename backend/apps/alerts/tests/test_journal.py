"""The log of deliveries and the counters that it comes to: A13, A41."""

import json
from datetime import timedelta
from typing import Any

import celery
import pytest
import time_machine

from apps.accounts.admission import standing_of
from apps.accounts.models import Team, User
from apps.alerts import journal, live, preferences, services, showing, tasks
from apps.alerts.models import (
    Alert,
    AlertCounter,
    AlertDelivery,
    AlertReadTime,
    UserAlertPreference,
)
from apps.alerts.tests.builders import DAY, a_user, an_alert, for_team
from apps.common import clock
from apps.notifications.tests.clients import as_user

pytestmark = pytest.mark.django_db


def counted(alert: Alert) -> dict[int, dict[str, int]]:
    names = ("told", "delivered", "read", "snoozed", "reminders")
    rows = AlertCounter.objects.filter(alert=alert)
    return {row.team_number: {n: getattr(row, n) for n in names} for row in rows}


def test_a41_everybody_of_the_audience_is_in_the_log_once(
    ann: User, bob: User, engineering: Team
) -> None:
    a_user(is_active=False, team=engineering)
    alert = for_team(engineering)

    tasks.keep_journal()
    tasks.keep_journal()

    [row] = AlertDelivery.objects.all()
    assert (row.alert_id, row.user_id, row.channel) == (alert.pk, ann.pk, "in_app")
    assert (row.result, row.team_number) == ("told", engineering.pk)
    assert counted(alert)[engineering.pk]["told"] == 1


def test_the_log_is_not_written_in_the_request(ann: User) -> None:
    an_alert()
    as_user(ann).get("/api/user/alerts/")

    assert not AlertDelivery.objects.exists()


def test_a_large_audience_is_told_in_batches_that_go_on_where_they_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "USERS_AT_ONCE", 2)
    for _ in range(5):
        a_user()
    alert = an_alert()

    journal.tell_some(clock.now())
    halfway = AlertDelivery.objects.count()
    tasks.keep_journal()

    assert halfway == 2
    assert AlertDelivery.objects.count() == 5
    assert counted(alert)[0]["told"] == 5
    assert Alert.objects.get().told_cursor is None


def test_newcomers_and_a_new_audience_are_told(
    ann: User, bob: User, engineering: Team, marketing: Team
) -> None:
    alert = for_team(engineering)
    tasks.keep_journal()
    carol = a_user("carol", team=engineering)

    tasks.tell_newcomers()
    tasks.keep_journal()
    services.update(alert.pk, {"target_teams": [engineering.pk, marketing.pk]})
    tasks.keep_journal()

    told = AlertDelivery.objects.order_by("pk").values_list("user_id", flat=True)
    assert list(told) == [ann.pk, carol.pk, bob.pk]


def test_a13_delivered_is_noted_once_by_whatever_showed_it(
    ann: User, bob: User, engineering: Team
) -> None:
    alert = an_alert()
    tasks.keep_journal()

    as_user(ann).get("/api/user/alerts/")
    live.frame(standing_of(ann))
    live.frames_for([standing_of(bob)])
    pairs = showing.take()
    at = clock.now().isoformat()
    tasks.record_delivered([list(pair) for pair in pairs], at)  # type: ignore[misc]  # as JSON gives them
    tasks.record_delivered(pairs, at)
    live.frame(standing_of(ann))

    assert sorted(pairs) == sorted([(alert.pk, ann.pk), (alert.pk, bob.pk)])
    assert showing.take() == []
    assert counted(alert)[engineering.pk]["delivered"] == 1
    row = AlertDelivery.objects.get(user=ann)
    assert row.delivered_at is not None
    assert row.result == "delivered"


def test_who_is_shown_it_before_the_log_comes_to_them_is_written_into_it(
    ann: User,
) -> None:
    alert = an_alert()

    tasks.record_delivered([(alert.pk, ann.pk), (4711, ann.pk)], "2030-01-01T00:00Z")
    tasks.keep_journal()

    row = AlertDelivery.objects.get(user=ann)
    assert row.told_at == row.delivered_at
    assert counted(alert)[ann.team_id or 0]["told"] == 1


def test_what_was_shown_is_sent_to_a_worker_and_kept_while_there_is_none(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []

    def refuse(*_: object, **__: object) -> None:
        raise OSError

    def take(name: str, arguments: list[Any], **_: object) -> None:
        sent.append(json.loads(json.dumps([name, arguments[0]])))

    monkeypatch.setattr(celery.current_app, "send_task", refuse)
    showing.note(1, ann.pk)
    showing._notes.send()
    monkeypatch.setattr(celery.current_app, "send_task", take)
    showing._notes.send()

    assert sent == [["alerts.record_delivered", [[1, ann.pk]]]]


def test_counters_follow_what_people_do(
    ann: User, bob: User, engineering: Team, marketing: Team
) -> None:
    alert = an_alert()
    preferences.mark_read(ann, alert.pk)
    preferences.snooze(bob, alert.pk)
    tasks.keep_journal()
    first = counted(alert)
    preferences.mark_unread(ann, alert.pk)
    preferences.mark_read(bob, alert.pk)

    tasks.keep_journal()
    tasks.keep_journal()

    assert first[engineering.pk]["read"] == 1
    assert first[marketing.pk]["snoozed"] == 1
    assert counted(alert)[engineering.pk]["read"] == 0
    assert counted(alert)[marketing.pk]["snoozed"] == 0
    assert counted(alert)[marketing.pk]["read"] == 1
    assert not UserAlertPreference.objects.filter(is_counted=False).exists()


def test_the_time_to_the_first_reading_is_noted_once(
    ann: User, moment: time_machine.Traveller
) -> None:
    alert = an_alert()
    moment.shift(timedelta(minutes=10))
    preferences.mark_read(ann, alert.pk)
    tasks.keep_journal()
    moment.shift(timedelta(minutes=10))
    preferences.mark_unread(ann, alert.pk)
    tasks.keep_journal()
    preferences.mark_read(ann, alert.pk)
    tasks.keep_journal()

    [row] = AlertReadTime.objects.all()
    assert row.count == 1


def test_the_log_goes_with_its_retention_and_the_counters_stay(
    ann: User, moment: time_machine.Traveller
) -> None:
    over = an_alert(expiry_time=clock.now() + DAY)
    kept = an_alert(expiry_time=clock.now() + 365 * DAY)
    tasks.keep_journal()

    moment.shift(90 * DAY)
    tasks.prune()
    early = AlertDelivery.objects.count()
    moment.shift(2 * DAY)
    tasks.prune()

    assert early == 2
    assert [row.alert_id for row in AlertDelivery.objects.all()] == [kept.pk]
    assert counted(over)[ann.team_id or 0]["told"] == 1
