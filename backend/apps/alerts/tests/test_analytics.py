"""The figures: A13."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps.accounts.models import Team, User
from apps.alerts import preferences, services, showing, tasks
from apps.alerts.tests.builders import HOUR, an_alert, for_team, for_users
from apps.common import clock
from apps.notifications.models import SourceCounter
from apps.notifications.tests.clients import as_user

# Who asks is found by the token.
LOGIN = 1
ANALYTICS = "/api/admin/alerts/analytics/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def found(
    ada: User,
    ann: User,
    bob: User,
    engineering: Team,
    moment: time_machine.Traveller,
) -> dict[str, Any]:
    """Have an alert to all, one to a team and an archived one received; ask."""
    to_all = an_alert(severity="critical", title="to all")
    for_team(engineering, severity="info", title="to a team")
    archived = for_users(bob, severity="info", title="archived")
    services.archive(archived.pk)
    tasks.keep_journal()
    as_user(ann).get("/api/user/alerts/")
    tasks.record_delivered(showing.take(), clock.now().isoformat())
    moment.shift(timedelta(minutes=10))
    preferences.mark_read(ann, to_all.pk)
    preferences.snooze(bob, to_all.pk, until=clock.now() + 3 * HOUR)
    tasks.keep_journal()
    moment.shift(2 * HOUR)
    tasks.send_reminders()
    answer = as_user(ada).get(ANALYTICS)
    assert answer.status_code == 200
    figures: dict[str, Any] = answer.json()
    return figures


def test_a13_totals(found: dict[str, Any]) -> None:
    totals = found["totals"]
    median = totals.pop("median_seconds_to_read")

    assert 550 < median < 660
    assert totals == {
        "alerts": 3,
        "active": 2,
        "scheduled": 0,
        "expired": 0,
        "withdrawn": 1,
        "archived": 1,
        "recipients": 3 + 1 + 1,
        "told": 3 + 1,
        "delivered": 2,
        "read": 1,
        "snoozed": 1,
        "read_rate": 0.2,
        # Ada of the first, Ann of the second; Ann has read, Bob snoozed the first.
        "reminders": 2,
    }


def test_a13_groups(found: dict[str, Any]) -> None:
    severities = {each["severity"]: each for each in found["by_severity"]}
    kinds = {each["visibility_type"]: each for each in found["by_visibility"]}
    teams = {each["team"]: each for each in found["by_team"]}
    [in_app] = found["by_channel"]

    assert severities["critical"]["read"] == 1
    assert severities["info"]["alerts"] == 2
    assert severities["warning"]["median_seconds_to_read"] is None
    assert kinds["team"]["recipients"] == 1
    assert (in_app["channel"], in_app["told"]) == ("in_app", 4)
    assert teams["Engineering"]["delivered"] == 2
    assert teams[None]["told"] == 1
    assert [day["read"] for day in found["over_time"]] == [1]


def test_a13_each_alert(found: dict[str, Any]) -> None:
    rows = {row["title"]: row for row in found["alerts"]["results"]}

    assert list(rows) == ["archived", "to a team", "to all"]
    assert rows["to all"]["recipients"] == 3
    assert rows["to all"]["read_rate"] == round(1 / 3, 4)
    assert rows["to all"]["by_channel"][0]["snoozed"] == 1
    assert rows["archived"]["is_archived"] is True


def test_the_figures_are_narrowed_by_the_same_filters(ada: User) -> None:
    an_alert(severity="critical")
    other = an_alert(severity="info")

    found = as_user(ada).get(f"{ANALYTICS}?severity=critical&page_size=1").json()
    one = as_user(ada).get(f"{ANALYTICS}?id={other.pk}").json()

    assert found["totals"]["alerts"] == found["alerts"]["count"] == 1
    assert [row["id"] for row in one["alerts"]["results"]] == [other.pk]
    assert as_user(ada).get(f"{ANALYTICS}?id=0").json().keys() == {"id"}


def test_nothing_is_counted_where_there_is_nothing(ada: User) -> None:
    found = as_user(ada).get(ANALYTICS).json()

    assert found["totals"]["read_rate"] == 0
    assert found["totals"]["median_seconds_to_read"] is None
    assert found["alerts"]["results"] == []


def test_a13_the_figures_take_two_queries_for_one_alert_and_for_many(
    ada: User, engineering: Team, django_assert_num_queries: Any
) -> None:
    client = as_user(ada)
    for_team(engineering)
    tasks.keep_journal()
    client.get(ANALYTICS)

    with django_assert_num_queries(2 + LOGIN):
        client.get(ANALYTICS)
    for _ in range(20):
        alert = for_team(engineering, channels=["in_app", "email", "sms"])
        SourceCounter.objects.create(
            source=f"alert:{alert.pk}", channel="email", told=3, delivered=2
        )
    tasks.keep_journal()
    with django_assert_num_queries(2 + LOGIN):
        answer = client.get(ANALYTICS)
    channels = {row["channel"]: row for row in answer.json()["by_channel"]}
    assert (channels["email"]["told"], channels["email"]["delivered"]) == (60, 40)
