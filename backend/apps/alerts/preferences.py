"""What people do with alerts: read, unread, snooze; told to their other pages.

Every change is one row of one person. Doing a thing again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.models import User
from apps.alerts import frames, policy, selectors, versions
from apps.alerts.models import (
    AlertDelivery,
    Channel,
    State,
    UserAlertPreference,
)
from apps.alerts.selectors import Personal, Shown
from apps.alerts.versions import News
from apps.common import clock
from apps.push import groups

ROWS_AT_ONCE = 200


def mark_read(user: User, alert_id: int) -> Shown:
    """Note that somebody has read an alert; a snooze ends with that.

    Raises: Alert.DoesNotExist when they may not see it.
    """
    return _change(user, alert_id, State.READ)


def mark_unread(user: User, alert_id: int) -> Shown:
    """Undo reading and snoozing.

    Raises: Alert.DoesNotExist.
    """
    return _change(user, alert_id, State.UNREAD)


def snooze(user: User, alert_id: int, *, until: datetime | None = None) -> Shown:
    """Let an alert rest: until then, or to the end of the user's own day.

    Raises: Alert.DoesNotExist.
    """
    end = until or policy.end_of_day(clock.now(), ZoneInfo(user.timezone))
    return _change(user, alert_id, State.SNOOZED, until=end, is_day_long=until is None)


def end_snooze(user: User, alert_id: int) -> Shown:
    """End a snooze; what is not snoozed stays as it is.

    Raises: Alert.DoesNotExist.
    """
    return _change(user, alert_id, State.UNREAD, only_from=State.SNOOZED)


def end_due_snoozes(now: datetime) -> int:
    """End what was snoozed until now, in batches; return how many that were.

    The end of a day-long snooze is the midnight of the user's zone, written when it
    began; so this is all that there is to do at any midnight.
    """
    ended = 0
    while count := _end_some(now):
        ended += count
    return ended


def _end_some(now: datetime) -> int:
    with transaction.atomic():
        rows = list(
            UserAlertPreference.objects.filter(
                state=State.SNOOZED, snoozed_until__lte=now
            )
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("alert")
            .order_by("snoozed_until", "id")[:ROWS_AT_ONCE],
        )
        ended = {
            "state": State.UNREAD,
            "snoozed_at": None,
            "snoozed_until": None,
            "is_day_long": False,
            "is_counted": False,
        }
        ids = [row.pk for row in rows]
        UserAlertPreference.objects.filter(pk__in=ids).update(**ended)
        for row in rows:
            row.state, row.snoozed_until = State.UNREAD, None
        shown = [row for row in rows if row.alert.is_live]
        if shown:
            versions.announce(_news(shown, now=now))
    return len(rows)


_WRITTEN = (
    "state",
    "read_at",
    "first_read_at",
    "snoozed_at",
    "snoozed_until",
    "is_day_long",
    "is_counted",
)


def _change(
    user: User,
    alert_id: int,
    state: State,
    *,
    until: datetime | None = None,
    is_day_long: bool = False,
    only_from: State | None = None,
) -> Shown:
    now = clock.now()
    with transaction.atomic():
        found = selectors.visible(user.pk, user.team_id, now=now).get(pk=alert_id)
        row = _row(found.pk, user.pk)
        before = selectors.state_of(row, now=now)
        is_same = before is state and row.snoozed_until == until
        if is_same or only_from not in {None, before}:
            return selectors.shown(found)
        _write(row, state, until=until, now=now)
        row.is_day_long = is_day_long
        row.save(update_fields=_WRITTEN)
        mine = replace(
            selectors.shown(found).personal,
            state=state.value,
            read_at=row.read_at,
            snoozed_until=row.snoozed_until,
        )
        versions.announce([_own_news(found.pk, user.pk, mine)])
    return Shown(found, mine)


def _row(alert_id: int, user_id: int) -> UserAlertPreference:
    """Lock the row of somebody who did something; a new one says what none said."""
    rows = UserAlertPreference.objects.select_for_update()
    row = rows.filter(alert=alert_id, user=user_id).first()
    if row is None:
        fresh = UserAlertPreference(alert_id=alert_id, user_id=user_id)
        UserAlertPreference.objects.bulk_create([fresh], ignore_conflicts=True)
        row = rows.get(alert=alert_id, user=user_id)
    return row


def _write(
    row: UserAlertPreference,
    state: State,
    *,
    until: datetime | None = None,
    now: datetime,
) -> None:
    row.state = state
    row.read_at = now if state is State.READ else None
    row.first_read_at = row.first_read_at or row.read_at
    row.snoozed_at = now if state is State.SNOOZED else None
    row.snoozed_until = until
    row.is_day_long = False
    row.is_counted = False


def _own_news(alert_id: int, user_id: int, mine: Personal) -> News:
    def build(version: int) -> str:
        return frames.own(alert_id, mine, version=version, kind="state")

    return News([groups.user(user_id)], versions.frame(build, alert_id=0))


def _news(rows: Sequence[UserAlertPreference], *, now: datetime) -> list[News]:
    log = {
        (each.alert_id, each.user_id): each
        for each in AlertDelivery.objects.filter(
            alert__in={row.alert_id for row in rows},
            user__in={row.user_id for row in rows},
            channel=Channel.IN_APP,
        )
    }
    return [
        _own_news(
            row.alert_id,
            row.user_id,
            selectors.personal(row, log.get((row.alert_id, row.user_id)), now=now),
        )
        for row in rows
    ]


def get(user: User, alert_id: int) -> Shown:
    """Return one alert as somebody sees it.

    Raises: Alert.DoesNotExist when they may not see it.
    """
    rows = selectors.visible(user.pk, user.team_id, now=clock.now())
    return selectors.shown(rows.get(pk=alert_id))
