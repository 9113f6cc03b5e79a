"""What workers write down: who was told, who was shown it, and what that comes to.

Batches that commit with their cursor and their counters: a worker that is killed
leaves nothing half done, and two of them never do the same batch.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import User
from apps.alerts import policy, selectors
from apps.alerts.counters import Deltas, insert_told
from apps.alerts.models import (
    Alert,
    AlertDelivery,
    Channel,
    Result,
    State,
    UserAlertPreference,
)
from apps.common import chunks

UserRows = QuerySet[User]
USERS_AT_ONCE = 5000
PREFERENCES_AT_ONCE = 1000
ROWS_AT_ONCE = 5000


def tell_some(now: datetime, besides: Collection[int] = ()) -> bool:
    """Write the next batch of an alert's audience into the log.

    False when there is nothing to do, or it is another worker's turn.
    besides: the ids of alerts to pass over.

    Raises: ChunkFailed naming the alert.
    """
    untold = Alert.objects.filter(told_cursor__isnull=False).order_by("id")
    return chunks.next_chunk(untold, partial(_go_on, now=now), besides=besides)


def _go_on(alert: Alert, *, now: datetime) -> None:
    users, upper = next_users(alert, after=alert.told_cursor or 0)
    is_on = policy.status(alert, now=now) is policy.Status.ACTIVE
    if is_on:
        deltas = Deltas()
        told(alert, users, now=now, deltas=deltas)
        deltas.write()
    alert.told_cursor = upper if is_on else None
    alert.save(update_fields=["told_cursor"])


def next_users(alert: Alert, *, after: int) -> tuple[UserRows, int | None]:
    """Return the next batch of an audience and its last id; None for the last batch."""
    users = selectors.audience(alert).filter(pk__gt=after)
    ids = users.order_by("pk").values_list("pk", flat=True)
    upper = ids[USERS_AT_ONCE - 1 : USERS_AT_ONCE].first()
    return (users if upper is None else users.filter(pk__lte=upper)), upper


def told(alert: Alert, users: UserRows, *, now: datetime, deltas: Deltas) -> None:
    """Write those who are not in the log yet."""
    inserted = insert_told(alert.pk, users, now=now)
    for team, count in sorted(inserted.items()):
        deltas.add("told", count, alert_id=alert.pk, team=team)
    deltas.happened("told", inserted.total(), alert_id=alert.pk, at=now)


def tell_newcomers(now: datetime) -> int:
    """Go through the audiences anew for those who came to them; return how many."""
    shown = Alert.objects.filter(selectors.on_show(now), told_cursor=None)
    return shown.update(told_cursor=0)


def record_delivered(pairs: Sequence[tuple[int, int]], *, at: datetime) -> None:
    """Note that users (second of each pair) were really shown an alert (first).

    Once for each: what is noted already stays. Who was shown it before the log came to
    them is written into it.
    """
    by_alert: defaultdict[int, set[int]] = defaultdict(set)
    for alert_id, user_id in pairs:
        by_alert[alert_id].add(user_id)
    for alert_id, user_ids in sorted(by_alert.items()):
        ids = sorted(user_ids)
        for begin in range(0, len(ids), ROWS_AT_ONCE):
            _record(alert_id, ids[begin : begin + ROWS_AT_ONCE], at=at)


def _record(alert_id: int, user_ids: Sequence[int], *, at: datetime) -> None:
    deltas = Deltas()
    with transaction.atomic():
        # Whoever writes an alert's log holds the alert: batches never cross.
        alerts = Alert.objects.select_for_update(no_key=True)
        alert = alerts.filter(pk=alert_id).first()
        if alert is None:
            return
        users = User.objects.filter(pk__in=user_ids)
        told(alert, users, now=at, deltas=deltas)
        rows = AlertDelivery.objects.filter(
            alert=alert, channel=Channel.IN_APP, user__in=user_ids, delivered_at=None
        )
        found = list(rows.values_list("pk", "team_number"))
        AlertDelivery.objects.filter(pk__in=[pk for pk, _ in found]).update(
            delivered_at=at,
            result=Result.DELIVERED,
        )
        for _, team in found:
            deltas.add("delivered", 1, alert_id=alert.pk, team=team)
        deltas.happened("delivered", len(found), alert_id=alert.pk, at=at)
        deltas.write()


def count_preferences() -> bool:
    """Bring the counters up to what the next batch of preferences says."""
    with transaction.atomic():
        rows = list(
            UserAlertPreference.objects.filter(is_counted=False)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("alert", "user")
            .order_by("id")[:PREFERENCES_AT_ONCE],
        )
        deltas = Deltas()
        for row in rows:
            _count(row, deltas)
        # What `_count` has counted of these rows, which are ours until the commit.
        team = User.objects.filter(pk=OuterRef("user")).values("team_id")
        UserAlertPreference.objects.filter(pk__in=[row.pk for row in rows]).update(
            counted_state=F("state"),
            counted_first_read=Q(first_read_at__isnull=False),
            counted_team=Coalesce("counted_team", Subquery(team), Value(0)),
            is_counted=True,
        )
        deltas.write()
    return bool(rows)


def _count(row: UserAlertPreference, deltas: Deltas) -> None:
    team = row.counted_team
    if team is None:
        team = row.user.team_id or 0
    moments = {State.READ: row.read_at, State.SNOOZED: row.snoozed_at}
    if row.state != row.counted_state:
        for state, change in ((row.counted_state, -1), (row.state, 1)):
            if state != State.UNREAD:
                deltas.add(state, change, alert_id=row.alert_id, team=team)
        moment = moments.get(State(row.state))
        if moment is not None:
            deltas.happened(row.state, 1, alert_id=row.alert_id, at=moment)
    if row.first_read_at is not None and not row.counted_first_read:
        begin = row.alert.published_at or row.alert.start_time
        waited = (row.first_read_at - begin).total_seconds()
        deltas.took(row.alert_id, policy.bucket(waited))


def prune(now: datetime) -> int:
    """Delete the log of alerts that are over for the retention; the counters stay."""
    before = now - settings.ALERT_LOG_RETENTION
    over = Alert.objects.filter(Q(expiry_time__lt=before) | Q(archived_at__lt=before))
    rows = AlertDelivery.objects.filter(alert__in=over, told_at__lt=before)
    deleted = 0
    while batch := list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE]):
        deleted += AlertDelivery.objects.filter(pk__in=batch).delete()[0]
    return deleted
