"""Who is reminded when, and how often: A30."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps.accounts.models import QuietHours, Team, User
from apps.alerts import journal, preferences, reminders, services, tasks
from apps.alerts.models import Alert, AlertCounter, AlertDelivery
from apps.alerts.tests.builders import DAY, HOUR, a_user, an_alert, for_team
from apps.alerts.tests.conftest import Published
from apps.common import clock

pytestmark = pytest.mark.django_db
INTERVAL = 2 * HOUR


def count(alert: Alert, user: User) -> int:
    row = AlertDelivery.objects.filter(alert=alert, user=user).first()
    return row.reminders if row else 0


def test_a30_who_has_neither_read_nor_snoozed_is_reminded(
    engineering: Team, moment: time_machine.Traveller
) -> None:
    unread, reader, snoozer = (a_user(team=engineering) for _ in range(3))
    stranger = a_user()
    alert = for_team(engineering)
    preferences.mark_read(reader, alert.pk)
    preferences.snooze(snoozer, alert.pk, until=clock.now() + DAY)

    moment.shift(INTERVAL - timedelta(seconds=2))
    tasks.send_reminders()
    early = count(alert, unread)
    moment.shift(timedelta(seconds=2))
    tasks.send_reminders()

    assert early == 0
    people = (unread, reader, snoozer, stranger)
    assert [count(alert, user) for user in people] == [1, 0, 0, 0]
    shown = preferences.get(unread, alert.pk).personal
    assert (shown.reminders, shown.last_reminded_at) == (1, clock.now())


def test_a30_running_twice_sends_nothing_twice(
    ann: User,
    moment: time_machine.Traveller,
    published: Published,
    django_capture_on_commit_callbacks: Any,
) -> None:
    alert = an_alert()
    moment.shift(INTERVAL)
    published.forget()

    with django_capture_on_commit_callbacks(execute=True):
        tasks.send_reminders()
        tasks.send_reminders()

    assert count(alert, ann) == 1
    [(group, hint)] = published.personal
    assert group == "everyone"
    assert hint["subject"] == alert.pk
    assert hint["mark"] == Alert.objects.get().reminder_slot


def test_a30_only_if_enabled_and_never_after_expiry(
    ann: User, moment: time_machine.Traveller
) -> None:
    silent = an_alert(reminders_enabled=False)
    short = an_alert(expiry_time=clock.now() + INTERVAL)
    withdrawn = an_alert()
    services.archive(withdrawn.pk)

    moment.shift(INTERVAL)
    tasks.send_reminders()

    assert [count(each, ann) for each in (silent, short, withdrawn)] == [0, 0, 0]


def test_after_an_outage_only_the_newest_slot_is_sent(
    ann: User, moment: time_machine.Traveller
) -> None:
    alert = an_alert()

    moment.shift(11 * HOUR)
    tasks.send_reminders()
    tasks.send_reminders()

    assert count(alert, ann) == 1


def test_there_may_be_a_most(ann: User, moment: time_machine.Traveller) -> None:
    alert = an_alert(max_reminders=2, reminder_interval=900)

    for _ in range(5):
        moment.shift(timedelta(seconds=900))
        tasks.send_reminders()

    assert count(alert, ann) == 2


def test_unreading_brings_reminders_back_and_a_snooze_that_ended_too(
    ann: User, bob: User, moment: time_machine.Traveller
) -> None:
    alert = an_alert()
    preferences.mark_read(ann, alert.pk)
    preferences.snooze(bob, alert.pk, until=clock.now() + 3 * HOUR)
    moment.shift(INTERVAL)
    tasks.send_reminders()
    preferences.mark_unread(ann, alert.pk)
    first = (count(alert, ann), count(alert, bob))

    moment.shift(INTERVAL)
    tasks.send_reminders()

    assert first == (0, 0)
    assert (count(alert, ann), count(alert, bob)) == (1, 1)


def test_who_left_the_audience_is_not_reminded_and_who_came_is(
    ann: User, bob: User, engineering: Team, moment: time_machine.Traveller
) -> None:
    alert = for_team(engineering)
    tasks.keep_journal()
    User.objects.filter(pk=ann.pk).update(team=None)
    User.objects.filter(pk=bob.pk).update(team=engineering)

    moment.shift(INTERVAL)
    tasks.send_reminders()

    assert (count(alert, ann), count(alert, bob)) == (0, 1)


def test_a_sweep_that_stopped_halfway_is_finished_by_the_next(
    moment: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "USERS_AT_ONCE", 2)
    users = [a_user() for _ in range(5)]
    alert = an_alert()
    moment.shift(INTERVAL)

    reminders.remind_some(alert.pk, now=clock.now())
    halfway = [count(alert, user) for user in users]
    moment.shift(timedelta(minutes=5))
    tasks.send_reminders()

    assert halfway == [1, 1, 0, 0, 0]
    assert [count(alert, user) for user in users] == [1] * 5
    assert Alert.objects.get().reminder_cursor is None


def test_a_slot_that_begins_under_way_takes_the_others_place(
    moment: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "USERS_AT_ONCE", 2)
    users = [a_user() for _ in range(4)]
    alert = an_alert()
    moment.shift(INTERVAL)
    reminders.remind_some(alert.pk, now=clock.now())

    moment.shift(INTERVAL)
    tasks.send_reminders()

    assert [count(alert, user) for user in users] == [2, 2, 1, 1]


def test_a_sweep_that_fails_leaves_nothing_half_done(
    ann: User, moment: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = an_alert()
    moment.shift(INTERVAL)

    def fail(*_: object, **__: object) -> None:
        message = "killed"
        raise RuntimeError(message)

    with monkeypatch.context() as broken:
        broken.setattr(reminders, "_news", fail)
        with pytest.raises(RuntimeError):
            tasks.send_reminders()
    stopped = count(alert, ann)
    tasks.send_reminders()

    assert stopped == 0
    assert count(alert, ann) == 1
    assert AlertCounter.objects.get().reminders == 1


def test_a_day_of_two_beats_and_two_workers_gives_the_right_reminders(
    moment: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "USERS_AT_ONCE", 2)
    users = [a_user() for _ in range(3)]
    every_two_hours = an_alert(
        start_time=clock.now(), expiry_time=clock.now() + 2 * DAY
    )
    until_noon = an_alert(
        start_time=clock.now(),
        expiry_time=clock.now() + 5 * HOUR,
        reminder_interval=3600,
    )

    for minute in range(0, 24 * 60, 10):
        moment.shift(timedelta(minutes=10))
        for _ in range(2):
            tasks.send_reminders()
            tasks.reset_daily_snoozes()
        if minute == 8 * 60:
            preferences.mark_read(users[0], every_two_hours.pk)
        if minute == 10 * 60:
            preferences.snooze(users[1], every_two_hours.pk)

    # From 10:00 UTC: read after 8:10 hours; snoozed at 20:10 until midnight.
    assert count(every_two_hours, users[0]) == 4
    assert count(every_two_hours, users[1]) == 11
    assert count(every_two_hours, users[2]) == 12
    assert [count(until_noon, user) for user in users] == [4, 4, 4]


def test_the_hub_is_given_the_frames_of_those_it_is_for(
    ann: User, bob: User, moment: time_machine.Traveller
) -> None:
    alert = an_alert()
    preferences.mark_read(bob, alert.pk)
    moment.shift(INTERVAL)
    tasks.send_reminders()
    slot = Alert.objects.get().reminder_slot

    found = reminders.own_frames(
        alert.pk, slot, version=9, user_ids=[ann.pk, bob.pk, 4711]
    )
    older = reminders.own_frames(alert.pk, slot - 1, version=9, user_ids=[ann.pk])

    assert list(found) == [ann.pk]
    assert '"change":"reminder"' in found[ann.pk]
    assert '"reminders":1' in found[ann.pk]
    assert older == {}


def night(user: User, **changes: Any) -> None:
    """Give a user quiet hours from an hour before now to three hours after."""
    begin = clock.now() - HOUR
    hours = {"start": begin.time(), "end": (begin + 4 * HOUR).time(), **changes}
    QuietHours.objects.create(user=user, enabled=True, **hours)


def test_quiet_hours_hold_a_reminder_until_they_end_and_it_comes_once(
    ann: User,
    bob: User,
    moment: time_machine.Traveller,
    published: Published,
    django_capture_on_commit_callbacks: Any,
) -> None:
    alert = an_alert(reminder_interval=int((6 * HOUR).total_seconds()))
    moment.shift(6 * HOUR)
    night(ann)
    tasks.send_reminders()
    row = AlertDelivery.objects.get(user=ann)
    assert (count(alert, ann), count(alert, bob)) == (0, 1)
    assert row.held_until == clock.now() + 3 * HOUR

    moment.shift(3 * HOUR - timedelta(seconds=1))
    tasks.send_reminders()
    early = count(alert, ann)
    published.forget()
    moment.shift(timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.send_reminders()
        tasks.send_reminders()

    assert early == 0
    assert (count(alert, ann), count(alert, bob)) == (1, 1)
    [(_, hint)] = published.personal
    told = reminders.own_frames(
        alert.pk, hint["mark"], version=1, user_ids=[ann.pk, bob.pk]
    )
    assert list(told) == [ann.pk]
    counters = AlertCounter.objects.filter(alert=alert)
    assert sum(counters.values_list("reminders", flat=True)) == 2


def test_who_reads_in_quiet_hours_is_not_reminded_after_them(
    ann: User, moment: time_machine.Traveller
) -> None:
    alert = an_alert()
    moment.shift(INTERVAL)
    night(ann)
    tasks.send_reminders()
    preferences.mark_read(ann, alert.pk)

    moment.shift(4 * HOUR)
    tasks.send_reminders()

    assert count(alert, ann) == 0
    assert AlertDelivery.objects.get(user=ann).held_until is None


def test_what_is_critical_is_reminded_of_in_quiet_hours_too(
    ann: User, moment: time_machine.Traveller
) -> None:
    alert = an_alert(severity="critical")
    moment.shift(INTERVAL)
    night(ann)

    tasks.send_reminders()

    assert count(alert, ann) == 1


def test_a_held_reminder_of_an_alert_that_is_over_is_forgotten(
    ann: User, moment: time_machine.Traveller
) -> None:
    alert = an_alert()
    moment.shift(INTERVAL)
    night(ann)
    tasks.send_reminders()
    services.archive(alert.pk)

    moment.shift(4 * HOUR)
    tasks.send_reminders()

    assert count(alert, ann) == 0
    assert AlertDelivery.objects.get(user=ann).held_until is None
