"""Rows that the tests of this app begin with."""

from datetime import timedelta
from itertools import count
from typing import Any

from apps.accounts.models import Team, User
from apps.alerts import services
from apps.alerts.models import Alert
from apps.alerts.services import AlertFields, Author
from apps.common import clock

_number = count(1)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def a_user(username: str = "", *, team: Team | None = None, **fields: Any) -> User:
    """Store a user who never logs in."""
    return User.objects.create(
        username=username or f"user{next(_number)}", team=team, **fields
    )


def a_team(name: str = "") -> Team:
    """Store a team."""
    return Team.objects.create(name=name or f"team {next(_number)}")


def fields(**given: Any) -> AlertFields:
    """Describe an alert to everybody, for a day from now on."""
    now = clock.now()
    described: Any = {
        "title": "Maintenance",
        "message": "Tonight.",
        "severity": "warning",
        "visibility_type": "organization",
        "start_time": now - timedelta(seconds=1),
        "expiry_time": now + DAY,
        **given,
    }
    return described  # type: ignore[no-any-return]  # as the fields are


def an_alert(**given: Any) -> Alert:
    """Store an alert to everybody, for a day from now on."""
    return services.create(fields(**given), by=Author())


def for_team(*teams: Team, **given: Any) -> Alert:
    """Store an alert for teams."""
    ids = [team.pk for team in teams]
    return an_alert(visibility_type="team", target_teams=ids, **given)


def for_users(*users: User, **given: Any) -> Alert:
    """Store an alert for users."""
    ids = [user.pk for user in users]
    return an_alert(visibility_type="user", target_users=ids, **given)
