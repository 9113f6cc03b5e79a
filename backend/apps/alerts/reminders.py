"""Reminders: once a slot for each who has neither read nor snoozed the alert.

A reminder is a conditional raise of `last_slot` on the row of (alert, user) in the
log: whoever raises it has reminded. The cursor commits with each batch, so that the
next worker goes on where a killed one stopped; when all of an audience are done, one
hint goes to its groups, and each hub asks which of its users it was for.

Whoever has quiet hours when the slot comes is held, and reminded when they are over.
"""

from collections import defaultdict
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from apps.accounts import preferences
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
from apps.notifications.models import Severity
from apps.push import publishing

DeliveryRows = QuerySet[AlertDelivery]
USERS_ASKED_AT_ONCE = 1000
ALERTS_AT_ONCE = 100
RELEASED_AT_ONCE = 5000


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
            alert.version = versions.announce([_news(alert, slot=alert.reminder_slot)])
        alert.save(update_fields=["reminder_slot", "reminder_cursor", "version"])
    return True


def release_held(now: datetime) -> int:
    """Remind those whose quiet hours are over; return how many alerts that concerned.

    A bounded number of people of each alert in one run: their slot is this second, so
    that their pages and nobody else's are told.
    """
    held = AlertDelivery.objects.filter(held_until__lte=now)
    alert_ids = held.order_by("alert_id").values_list("alert_id", flat=True).distinct()
    return sum(_release(alert_id, now=now) for alert_id in alert_ids[:ALERTS_AT_ONCE])


def _release(alert_id: int, *, now: datetime) -> bool:
    with transaction.atomic():
        rows = Alert.objects.select_for_update(skip_locked=True, no_key=True)
        alert = rows.filter(pk=alert_id).first()
        if alert is None:
            return False
        held = AlertDelivery.objects.filter(alert=alert, held_until__lte=now)
        ids = list(held.order_by("pk").values_list("pk", flat=True)[:RELEASED_AT_ONCE])
        mine = AlertDelivery.objects.filter(pk__in=ids)
        if policy.may_remind(alert, now=now):
            slot = int(now.timestamp())
            deltas = Deltas()
            _raise(alert, mine, slot=slot, now=now, deltas=deltas)
            deltas.write()
            alert.version = versions.announce([_news(alert, slot=slot)])
            alert.save(update_fields=["version"])
        mine.update(held_until=None)
    return True


def _remind(alert: Alert, users: UserRows, *, now: datetime) -> None:
    deltas = Deltas()
    journal.told(alert, users, now=now, deltas=deltas)
    mine = AlertDelivery.objects.filter(
        alert=alert, channel=Channel.IN_APP, user__in=users
    )
    to_remind = _unsettled(alert, mine, slot=alert.reminder_slot, now=now)
    _hold(alert, to_remind.filter(held_until=None), now=now)
    # Who is held is reminded when the quiet hours are over.
    loud = mine.filter(held_until=None)
    _raise(alert, loud, slot=alert.reminder_slot, now=now, deltas=deltas)
    deltas.write()


def _hold(alert: Alert, rows: DeliveryRows, *, now: datetime) -> None:
    """Let those be in peace whose quiet hours these are; not where it is critical."""
    if alert.severity == Severity.CRITICAL:
        return
    with_hours = rows.filter(user__quiet_hours__enabled=True)
    user_ids = list(with_hours.values_list("user_id", flat=True))
    by_end: defaultdict[datetime, list[int]] = defaultdict(list)
    for user_id, end in preferences.quiet_until(user_ids, now=now).items():
        by_end[end].append(user_id)
    for end, quiet in by_end.items():
        rows.filter(user__in=quiet).update(held_until=end)


def _unsettled(
    alert: Alert,
    rows: DeliveryRows,
    *,
    slot: int,
    now: datetime,
) -> DeliveryRows:
    """Keep those who have neither read nor snoozed it, and not had this slot."""
    settled = UserAlertPreference.objects.filter(
        Q(state=State.READ) | Q(state=State.SNOOZED, snoozed_until__gt=now),
        alert=alert,
        user=OuterRef("user"),
    )
    found = rows.filter(~Exists(settled), last_slot__lt=slot)
    if alert.max_reminders is not None:
        found = found.filter(reminders__lt=alert.max_reminders)
    return found


def _raise(
    alert: Alert,
    rows: DeliveryRows,
    *,
    slot: int,
    now: datetime,
    deltas: Deltas,
) -> None:
    _unsettled(alert, rows, slot=slot, now=now).update(
        last_slot=slot,
        reminders=F("reminders") + 1,
        last_reminded_at=now,
    )
    # Each of them is passed once a slot, so these are the ones of just now.
    reminded = rows.filter(last_slot=slot).order_by()
    for team, count in reminded.values_list("team_number").annotate(Count("pk")):
        deltas.add("reminders", count, alert_id=alert.pk, team=team)
        deltas.happened("reminders", count, alert_id=alert.pk, at=now)
    if alert.remind_outside:
        ids = list(reminded.values_list("user_id", flat=True))
        outside.tell(alert, ids, slot=slot)


def _news(alert: Alert, *, slot: int) -> News:
    tell = partial(_tell, alert_id=alert.pk, slot=slot)
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
