"""Rows that the tests of this app begin with."""

from itertools import count
from typing import Any

from django.db import connection

from apps.accounts.models import Team, User
from apps.common import clock
from apps.notifications.models import Broadcast, Notification

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


def many_done_with(user: User) -> None:
    """Store what a table is full of, so that a planner chooses by what it finds.

    Of an empty table every index is as good as any other.
    """
    now = clock.now()
    Notification.objects.bulk_create(
        Notification(
            recipient=user, seq=1000 + number, payload="1", created_at=now, acked_at=now
        )
        for number in range(500)
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE notifications_notification")
