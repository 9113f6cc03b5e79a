"""Reminders: once a slot for each who has neither read nor snoozed the alert.

A reminder is a conditional raise of `last_slot` on the row of (alert, user) in the
log: whoever raises it has reminded. The cursor commits with each batch, so that the
next worker goes on where a killed one stopped; when all of an audience are done, one
hint goes to its groups, and each hub asks which of its users it was for.
"""

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q

from apps.alerts import frames, journal, outside, policy, selectors, versions
from apps.alerts.counters import Deltas
from apps.alerts.journal import UserRows
from apps.alerts.models import (
    Alert,
    AlertDelivery,
    Channel,
    State,
    UserAlertPreference,
)
from apps.alerts.versions import News
from apps.common import clock
from apps.push import publishing

USERS_ASKED_AT_ONCE = 1000


def due(now: datetime) -> list[int]:
    """Return the alerts with a slot that is not done."""
    rows = Alert.objects.filter(selectors.on_show(now), reminders_enabled=True)
    return [
        alert.pk
        for alert in rows.order_by("id")
        if alert.reminder_cursor is not None
        or policy.newest_slot(alert, now=now) > alert.reminder_slot
    ]


def remind_some(alert_id: int, *, now: datetime) -> bool:
    """Remind the next batch of an alert's audience.

    Only the newest slot counts: what an outage left out is left out, and a slot that
    begins while the one before is under way takes its place.
    False when there is nothing to do, or it is another worker's turn.
    """
    with transaction.atomic():
        rows = Alert.objects.select_for_update(skip_locked=True, no_key=True)
        alert = rows.filter(pk=alert_id).first()
        if alert is None or not policy.may_remind(alert, now=now):
            return False
        slot = policy.newest_slot(alert, now=now)
        if slot > alert.reminder_slot:
            alert.reminder_slot, alert.reminder_cursor = slot, 0
        if alert.reminder_cursor is None:
            return False
        users, upper = journal.next_users(alert, after=alert.reminder_cursor)
        _remind(alert, users, now=now)
        alert.reminder_cursor = upper
        if upper is None:
            alert.version = versions.announce([_news(alert)])
        alert.save(update_fields=["reminder_slot", "reminder_cursor", "version"])
    return True


def _remind(alert: Alert, users: UserRows, *, now: datetime) -> None:
    deltas = Deltas()
    journal.told(alert, users, now=now, deltas=deltas)
    settled = UserAlertPreference.objects.filter(
        Q(state=State.READ) | Q(state=State.SNOOZED, snoozed_until__gt=now),
        alert=alert,
        user=OuterRef("user"),
    )
    mine = AlertDelivery.objects.filter(
        alert=alert, channel=Channel.IN_APP, user__in=users
    )
    to_remind = mine.filter(~Exists(settled), last_slot__lt=alert.reminder_slot)
    if alert.max_reminders is not None:
        to_remind = to_remind.filter(reminders__lt=alert.max_reminders)
    to_remind.update(
        last_slot=alert.reminder_slot,
        reminders=F("reminders") + 1,
        last_reminded_at=now,
    )
    # The cursor passes each of them once a slot, so these are the ones of just now.
    reminded = mine.filter(last_slot=alert.reminder_slot).order_by()
    for team, count in reminded.values_list("team_number").annotate(Count("pk")):
        deltas.add("reminders", count, alert_id=alert.pk, team=team)
        deltas.happened("reminders", count, alert_id=alert.pk, at=now)
    deltas.write()
    if alert.remind_outside:
        ids = list(reminded.values_list("user_id", flat=True))
        outside.tell(alert, ids, slot=alert.reminder_slot)


def _news(alert: Alert) -> News:
    tell = partial(_tell, alert_id=alert.pk, slot=alert.reminder_slot)
    return News(selectors.groups_of(alert), tell)


def _tell(group: str, version: int, *, alert_id: int, slot: int) -> None:
    publishing.publish_personal(
        group,
        snapshot=versions.SNAPSHOT,
        version=version,
        subject=alert_id,
        mark=slot,
    )


def own_frames(
    alert_id: int,
    slot: int,
    *,
    version: int,
    user_ids: list[int],
) -> dict[int, str]:
    """Build the frame of a reminder for those of the users who got this slot."""
    now = clock.now()
    found: dict[int, str] = {}
    for begin in range(0, len(user_ids), USERS_ASKED_AT_ONCE):
        asked = user_ids[begin : begin + USERS_ASKED_AT_ONCE]
        rows = AlertDelivery.objects.filter(
            alert=alert_id, channel=Channel.IN_APP, user__in=asked, last_slot=slot
        )
        states = {
            row.user_id: row
            for row in UserAlertPreference.objects.filter(
                alert=alert_id, user__in=asked
            )
        }
        for row in rows:
            mine = selectors.personal(states.get(row.user_id), row, now=now)
            found[row.user_id] = frames.own(
                alert_id, mine, version=version, kind="reminder"
            )
    return found
