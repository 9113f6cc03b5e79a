"""Alerts as everybody reads them and does with them: A20 to A23."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from apps.accounts.models import Team, User
from apps.alerts import selectors, services
from apps.alerts.models import UserAlertPreference
from apps.alerts.tests.builders import DAY, HOUR, an_alert, for_team, for_users
from apps.common import clock
from apps.notifications.services import notify
from apps.notifications.tests.clients import as_user, post

ALERTS = "/api/user/alerts/"
DASHBOARD = "/api/user/dashboard/"
pytestmark = pytest.mark.django_db


def shown(client: Any, query: str = "") -> list[int]:
    answer = client.get(f"{ALERTS}{query}")
    assert answer.status_code == 200, answer.content
    return [each["id"] for each in answer.json()["results"]]


def path(alert: Any, action: str = "") -> str:
    return f"{ALERTS}{alert.pk}/{action}"


def test_a20_a_user_sees_what_is_theirs_and_on_show(
    ann: User, bob: User, engineering: Team, marketing: Team
) -> None:
    now = clock.now()
    everyone = an_alert()
    team = for_team(engineering, marketing)
    own = for_users(ann, bob)
    for_team(marketing)
    for_users(bob)
    an_alert(start_time=now + HOUR)
    an_alert(start_time=now - 2 * DAY, expiry_time=now - DAY)
    an_alert(is_active=False)
    services.archive(an_alert().pk)

    assert shown(as_user(ann)) == [own.pk, team.pk, everyone.pk]


def test_a20_who_joins_a_team_later_sees_its_active_alerts(
    bob: User, engineering: Team
) -> None:
    alert = for_team(engineering)
    client = as_user(bob)
    assert shown(client) == []

    User.objects.filter(pk=bob.pk).update(team=engineering)

    assert shown(client) == [alert.pk]


def test_a20_states_are_filtered(ann: User, moment: time_machine.Traveller) -> None:
    unread, read, snoozed = an_alert(), an_alert(), an_alert()
    client = as_user(ann)
    client.post(path(read, "read/"))
    client.post(path(snoozed, "snooze/"))

    assert shown(client, "?state=unread") == [unread.pk]
    assert shown(client, "?state=read") == [read.pk]
    assert shown(client, "?state=snoozed") == [snoozed.pk]
    assert client.get(f"{ALERTS}?state=lost").status_code == 400
    assert client.get(ALERTS).json()["unread"] == 1


def test_a20_somebody_without_a_team_sees_what_is_for_all(ada: User) -> None:
    alert = an_alert()

    assert shown(as_user(ada)) == [alert.pk]


def test_a20_the_list_takes_three_queries_and_the_dashboard_four(
    ann: User, engineering: Team, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        for_team(engineering)
    client = as_user(ann)

    with django_assert_max_num_queries(3):
        client.get(ALERTS)
    with django_assert_max_num_queries(4):
        client.get(DASHBOARD)


def test_what_is_visible_and_the_unread_count_take_one_query(
    ann: User, engineering: Team, django_assert_num_queries: Any
) -> None:
    for_team(engineering)
    an_alert()
    now = clock.now()

    with django_assert_num_queries(1):
        rows = selectors.visible_to(ann.pk, ann.team_id, now=now)
        assert selectors.counts(rows).unread == len(rows) == 2


def test_nothing_is_stored_of_somebody_before_they_do_something(ann: User) -> None:
    alert, client = an_alert(), as_user(ann)

    client.get(ALERTS)
    client.get(path(alert))
    client.get(DASHBOARD)

    assert not UserAlertPreference.objects.exists()


def test_a21_read_and_unread_are_idempotent(ann: User) -> None:
    alert, client = an_alert(), as_user(ann)

    first = client.post(path(alert, "read/")).json()
    again = client.post(path(alert, "read/")).json()
    undone = client.post(path(alert, "unread/")).json()
    undone_again = client.post(path(alert, "unread/")).json()

    assert first["state"] == "read"
    assert first["read_at"] is not None
    assert again == first
    assert undone["state"] == "unread"
    assert undone["read_at"] is None
    assert undone_again == undone
    assert UserAlertPreference.objects.count() == 1


def test_a21_snooze_lasts_to_the_end_of_the_users_own_day(
    ann: User, moment: time_machine.Traveller
) -> None:
    ann.timezone = "Asia/Kolkata"
    ann.save(update_fields=["timezone"])
    alert = an_alert()

    answer = as_user(ann).post(path(alert, "snooze/"))

    # 10:00 UTC is 15:30 in Kolkata; its midnight is 18:30 UTC.
    assert answer.json()["state"] == "snoozed"
    assert answer.json()["snoozed_until"] == "2030-01-02T18:30:00.000Z"


def test_a21_snooze_takes_a_time_or_minutes(
    ann: User, moment: time_machine.Traveller
) -> None:
    alert, client = an_alert(), as_user(ann)

    until = post(client, {"until": "2030-01-03T09:00:00+03:00"}, path(alert, "snooze/"))
    minutes = post(client, {"minutes": 60}, path(alert, "snooze/"))

    assert until.json()["snoozed_until"] == "2030-01-03T06:00:00.000Z"
    assert minutes.json()["snoozed_until"] == "2030-01-02T11:00:00.000Z"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("until", {"until": "2030-01-03T09:00:00"}),
        ("until", {"until": "2030-01-02T09:59:59Z"}),
        ("until", {"until": "2032-01-02T10:00:00Z"}),
        ("until", {"until": "soon"}),
        ("until", {"until": "2030-01-03T09:00:00Z", "minutes": 5}),
        ("minutes", {"minutes": 0}),
        ("minutes", {"minutes": -5}),
        ("minutes", {"minutes": 10**9}),
        ("minutes", {"minutes": "60"}),
        ("hours", {"hours": 1}),
    ],
)
def test_a21_a_snooze_that_cannot_be_names_its_field(
    ann: User,
    moment: time_machine.Traveller,
    field: str,
    body: dict[str, object],
) -> None:
    alert = an_alert()

    answer = post(as_user(ann), body, path(alert, "snooze/"))

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not UserAlertPreference.objects.exists()


def test_a21_delete_ends_a_snooze_and_leaves_the_rest_alone(ann: User) -> None:
    snoozed, read = an_alert(), an_alert()
    client = as_user(ann)
    client.post(path(snoozed, "snooze/"))
    client.post(path(read, "read/"))

    assert client.delete(path(snoozed, "snooze/")).json()["state"] == "unread"
    assert client.delete(path(snoozed, "snooze/")).json()["state"] == "unread"
    assert client.delete(path(read, "snooze/")).json()["state"] == "read"


def test_a_snooze_that_is_over_is_unread_before_any_sweep(
    ann: User, moment: time_machine.Traveller
) -> None:
    alert, client = an_alert(), as_user(ann)
    post(client, {"minutes": 5}, path(alert, "snooze/"))

    moment.shift(timedelta(minutes=5))

    assert client.get(path(alert)).json()["state"] == "unread"
    assert client.get(path(alert)).json()["snoozed_until"] is None
    assert shown(client, "?state=unread") == [alert.pk]
    assert client.get(ALERTS).json()["unread"] == 1


def test_a22_the_dashboard_counts_alerts_and_notifications(ann: User) -> None:
    client = as_user(ann)
    an_alert(severity="critical")
    newest = an_alert(severity="warning", start_time=clock.now())
    read = an_alert(severity="critical")
    client.post(path(read, "read/"))
    notify(recipient=ann, payload={"n": 1}, severity="critical")

    answer = client.get(DASHBOARD).json()

    alerts = answer["alerts"]
    assert (alerts["unread"], alerts["read"], alerts["snoozed"]) == (2, 1, 0)
    assert alerts["by_severity"] == {"info": 0, "warning": 1, "critical": 1}
    assert alerts["latest"][0]["id"] == newest.pk
    assert answer["notifications"]["unread"] == 1
    assert answer["notifications"]["by_severity"]["critical"] == 1
    assert answer["notifications"]["latest"][0]["payload"] == {"n": 1}


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("get", ""),
        ("post", "read/"),
        ("post", "unread/"),
        ("post", "snooze/"),
        ("delete", "snooze/"),
    ],
)
def test_a23_what_is_not_yours_answers_404(
    ann: User, bob: User, marketing: Team, method: str, action: str
) -> None:
    client = as_user(ann)
    hidden = [
        for_team(marketing),
        for_users(bob),
        an_alert(start_time=clock.now() + HOUR),
        an_alert(is_active=False),
    ]

    for alert in hidden:
        answer = getattr(client, method)(path(alert, action))
        assert answer.status_code == 404
        assert answer.json() == {
            "detail": "Not found.",
            "code": "not_found",
        }
    assert getattr(client, method)(f"{ALERTS}4711/{action}").status_code == 404
    assert not UserAlertPreference.objects.exists()


def test_reading_and_listing_agree_on_times(ann: User) -> None:
    alert = an_alert()

    answer = as_user(ann).get(path(alert)).json()

    read = datetime.fromisoformat(answer["expiry_time"])
    assert abs(read - alert.expiry_time) < timedelta(milliseconds=1)
    assert json.dumps(answer).count("null") == 3
