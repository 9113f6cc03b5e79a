"""Rows that the tests of this app begin with."""

from itertools import count
from typing import Any

from apps.accounts.models import Team, User
from apps.common import clock
from apps.notifications.models import Broadcast

_number = count(1)


def a_user(username: str = "", *, team: Team | None = None, **fields: bool) -> User:
    """Store a user who never logs in."""
    return User.objects.create(
        username=username or f"user{next(_number)}",
        team=team,
        **fields,
    )


def a_team(name: str = "") -> Team:
    """Store a team."""
    return Team.objects.create(name=name or f"team {next(_number)}")


def a_broadcast(**fields: Any) -> Broadcast:
    """Store a broadcast to everyone."""
    return Broadcast.objects.create(
        payload='{"a":  1}',
        created_at=clock.now(),
        recipients=0,
        **fields,
    )
