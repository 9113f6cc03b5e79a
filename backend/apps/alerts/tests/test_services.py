"""What is told to which group when alerts begin, change and end: A32, A33."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from apps.accounts.models import Team, User
from apps.alerts import preferences, services, versions
from apps.alerts.models import Alert, AlertChange
from apps.alerts.tests.builders import DAY, HOUR, an_alert, for_team, for_users
from apps.alerts.tests.conftest import Published
from apps.common import clock

pytestmark = pytest.mark.django_db
Committing = Callable[[], Any]


@pytest.fixture
def told(published: Published, committing: Committing) -> Callable[..., Any]:
    """Do something, commit, and say group and change of what was published."""

    def tell(work: Callable[[], object]) -> list[tuple[str, str]]:
        published.forget()
        with committing():
            work()
        return published.changes()

    return tell


Told = Callable[[Callable[[], object]], list[tuple[str, str]]]


def test_publishing_to_everyone_is_one_row_and_one_frame(
    told: Told, ann: User, bob: User, published: Published
) -> None:
    assert told(an_alert) == [("everyone", "published")]

    assert Alert.objects.count() == 1
    [(_, frame)] = published.frames
    assert frame["version"] == Alert.objects.get().version == versions.current()
    assert "state" not in frame["alert"]


def test_publishing_takes_as_many_queries_for_any_number_of_users(
    published: Published, django_assert_max_num_queries: Any
) -> None:
    User.objects.bulk_create(User(username=f"many-{n}") for n in range(200))

    with django_assert_max_num_queries(14):
        an_alert()


def test_teams_and_users_are_told_in_their_groups(
    told: Told, engineering: Team, marketing: Team, ann: User
) -> None:
    teams = told(lambda: for_team(engineering, marketing))
    users = told(lambda: for_users(ann))

    assert sorted(teams) == sorted(
        [(f"team.{team.pk}", "published") for team in (engineering, marketing)]
    )
    assert users == [(f"user.{ann.pk}", "published")]


def test_what_is_not_on_show_is_told_to_nobody(told: Told) -> None:
    now = clock.now()

    assert told(lambda: an_alert(start_time=now + HOUR)) == []
    assert told(lambda: an_alert(is_active=False)) == []
    assert told(lambda: an_alert(start_time=now - 2 * DAY, expiry_time=now - DAY)) == []
    assert versions.current() == 0


def test_a32_a_start_is_told_once(told: Told, moment: time_machine.Traveller) -> None:
    alert = an_alert(start_time=clock.now() + HOUR)
    assert told(lambda: services.settle_due(clock.now())) == []

    moment.shift(HOUR)
    begun = told(lambda: services.settle_due(clock.now()))
    again = told(lambda: services.settle_due(clock.now()))

    assert begun == [("everyone", "published")]
    assert again == []
    alert.refresh_from_db()
    assert alert.published_at == clock.now()


def test_a32_an_expiry_is_told_once(told: Told, moment: time_machine.Traveller) -> None:
    an_alert(expiry_time=clock.now() + HOUR)

    moment.shift(HOUR)
    ended = told(lambda: services.settle_due(clock.now()))
    again = told(lambda: services.settle_due(clock.now()))

    assert ended == [("everyone", "expired")]
    assert again == []


def test_what_began_and_expired_in_an_outage_is_told_to_nobody(
    told: Told, moment: time_machine.Traveller
) -> None:
    now = clock.now()
    an_alert(start_time=now + HOUR, expiry_time=now + 2 * HOUR)

    moment.shift(3 * HOUR)

    assert told(lambda: services.settle_due(clock.now())) == []


def test_a33_a_change_is_told_and_a_switch_withdraws(told: Told) -> None:
    alert = an_alert()

    changed = told(lambda: services.update(alert.pk, {"title": "Other"}))
    switched = told(lambda: services.update(alert.pk, {"is_active": False}))
    unseen = told(lambda: services.update(alert.pk, {"title": "Unseen"}))
    archived = told(lambda: services.archive(alert.pk))

    assert changed == [("everyone", "updated")]
    assert switched == [("everyone", "withdrawn")]
    assert unseen == []
    assert archived == []


def test_an_earlier_expiry_ends_it_at_once(told: Told) -> None:
    alert = an_alert(start_time=clock.now() - DAY)

    ended = told(lambda: services.update(alert.pk, {"expiry_time": clock.now() - HOUR}))

    assert ended == [("everyone", "expired")]


def test_another_audience_is_withdrawn_from_some_and_shown_to_others(
    told: Told, engineering: Team, marketing: Team, ann: User
) -> None:
    alert = for_team(engineering)

    wider = told(
        lambda: services.update(
            alert.pk, {"target_teams": [engineering.pk, marketing.pk]}
        )
    )
    moved = told(lambda: services.update(alert.pk, {"target_teams": [marketing.pk]}))
    one = told(
        lambda: services.update(
            alert.pk, {"visibility_type": "user", "target_users": [ann.pk]}
        )
    )
    all_of_them = told(
        lambda: services.update(alert.pk, {"visibility_type": "organization"})
    )

    assert wider == [
        (f"team.{engineering.pk}", "updated"),
        (f"team.{marketing.pk}", "published"),
    ]
    assert moved == [
        (f"team.{engineering.pk}", "withdrawn"),
        (f"team.{marketing.pk}", "updated"),
    ]
    assert one == [
        (f"team.{marketing.pk}", "withdrawn"),
        (f"user.{ann.pk}", "published"),
    ]
    # Whoever is of everyone keeps it.
    assert all_of_them == [("everyone", "published")]


def test_the_withdrawal_has_the_lower_version(
    published: Published,
    committing: Committing,
    engineering: Team,
    ann: User,
) -> None:
    alert = for_team(engineering)

    with committing():
        services.update(alert.pk, {"visibility_type": "user", "target_users": [ann.pk]})

    [(_, gone), (_, shown)] = published.frames
    assert (gone["change"], shown["change"]) == ("withdrawn", "published")
    assert gone["version"] + 1 == shown["version"]
    assert gone["alert"] == {"id": alert.pk}


def test_what_somebody_did_something_with_returns_by_a_snapshot(
    told: Told, published: Published, ann: User
) -> None:
    alert = an_alert()
    preferences.mark_read(ann, alert.pk)
    services.update(alert.pk, {"is_active": False})

    frames = told(lambda: services.update(alert.pk, {"is_active": True}))

    assert frames == []
    assert published.looks == ["everyone"]
    assert AlertChange.objects.order_by("-version").first().is_silent  # type: ignore[union-attr]  # it is there


def test_a33_reading_is_told_to_the_readers_pages_alone_and_once(
    told: Told, ann: User
) -> None:
    alert = an_alert()

    assert told(lambda: preferences.mark_read(ann, alert.pk)) == [
        (f"user.{ann.pk}", "state")
    ]
    assert told(lambda: preferences.mark_read(ann, alert.pk)) == []


def test_a31_a_day_long_snooze_ends_at_the_users_own_midnight(
    told: Told, ann: User, bob: User, moment: time_machine.Traveller
) -> None:
    for user, zone in ((ann, "Asia/Kolkata"), (bob, "America/New_York")):
        user.timezone = zone
        user.save(update_fields=["timezone"])
    alert = an_alert(expiry_time=clock.now() + 7 * DAY)
    for user in (ann, bob):
        preferences.snooze(user, alert.pk)

    # 10:00 UTC: midnight is 18:30 UTC for Ann, and 05:00 UTC tomorrow for Bob.
    moment.shift(timedelta(hours=8, minutes=29, seconds=59))
    early = told(lambda: preferences.end_due_snoozes(clock.now()))
    moment.shift(timedelta(seconds=1))
    anns = told(lambda: preferences.end_due_snoozes(clock.now()))
    again = told(lambda: preferences.end_due_snoozes(clock.now()))
    moment.shift(timedelta(hours=10, minutes=30))
    bobs = told(lambda: preferences.end_due_snoozes(clock.now()))

    assert early == []
    assert anns == [(f"user.{ann.pk}", "state")]
    assert again == []
    assert bobs == [(f"user.{bob.pk}", "state")]
    assert preferences.get(bob, alert.pk).personal.state == "unread"


def test_many_snoozes_end_in_batches(
    ann: User, moment: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preferences, "ROWS_AT_ONCE", 2)
    alerts = [an_alert() for _ in range(5)]
    for alert in alerts:
        preferences.snooze(ann, alert.pk, until=clock.now() + HOUR)
    moment.shift(HOUR)

    assert preferences.end_due_snoozes(clock.now()) == 5
    assert preferences.end_due_snoozes(clock.now()) == 0


def test_changes_are_named_by_version_and_group_and_forgotten_after_an_hour(
    engineering: Team, moment: time_machine.Traveller
) -> None:
    an_alert()
    for_team(engineering)

    found = versions.changes(0)
    moment.shift(timedelta(hours=2))
    an_alert()
    deleted = versions.prune()

    assert found is not None
    assert [(each.version, each.group) for each in found] == [
        (1, "everyone"),
        (2, f"team.{engineering.pk}"),
    ]
    assert all(each.is_fresh for each in found)
    assert deleted == 2
    assert versions.changes(0) is None
    assert versions.changes(1) is None
    newer = versions.changes(2)
    assert newer is not None
    assert [each.version for each in newer] == [3]
