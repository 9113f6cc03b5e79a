"""What people and administrators read of alerts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from apps.accounts.admission import Standing
from apps.accounts.models import Team, User
from apps.alerts import policy
from apps.alerts.models import (
    Alert,
    AlertDelivery,
    Channel,
    State,
    UserAlertPreference,
    Visibility,
)
from apps.notifications.models import Severity

SEVERITY_ORDER = Case(
    *(
        When(severity=each, then=place)
        for place, each in enumerate(
            (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
        )
    ),
)


@dataclass(frozen=True)
class Personal:
    """What an alert is to one person; `told_at` is None for who is not in the log."""

    state: str = State.UNREAD.value
    read_at: datetime | None = None
    snoozed_until: datetime | None = None
    reminders: int = 0
    last_reminded_at: datetime | None = None
    is_delivered: bool = False


@dataclass(frozen=True)
class Shown:
    """An alert and what it is to one person."""

    alert: Alert
    personal: Personal


@dataclass(frozen=True)
class UserCounts:
    """How many of a person's alerts are in each state; `by_severity` of the unread."""

    unread: int
    read: int
    snoozed: int
    by_severity: dict[str, int]


def on_show(now: datetime) -> Q:
    """Match what has started, has not expired and is switched on."""
    return Q(
        is_active=True,
        archived_at=None,
        start_time__lte=now,
        expiry_time__gt=now,
    )


def concerning(user_id: int, team_id: int | None) -> Q:
    """Match the alerts whose audience this person belongs to."""
    targets = Alert.target_users.through.objects
    teams = Alert.target_teams.through.objects
    found = Q(visibility_type=Visibility.ORGANIZATION) | Q(
        Exists(targets.filter(alert=OuterRef("pk"), user=user_id)),
        visibility_type=Visibility.USER,
    )
    if team_id is None:
        return found
    return found | Q(
        Exists(teams.filter(alert=OuterRef("pk"), team=team_id)),
        visibility_type=Visibility.TEAM,
    )


def visible(user_id: int, team_id: int | None, *, now: datetime) -> QuerySet[Alert]:
    """Return what this person may see now, each with what it is to them.

    The annotations are read by `shown`.
    """
    rows = Alert.objects.filter(on_show(now), concerning(user_id, team_id))
    return _personal(rows, user_id, now=now)


def _personal(rows: QuerySet[Alert], user_id: int, *, now: datetime) -> QuerySet[Alert]:
    return rows.annotate(
        mine=FilteredRelation("preferences", condition=Q(preferences__user=user_id)),
        log=FilteredRelation(
            "deliveries",
            condition=Q(deliveries__user=user_id, deliveries__channel=Channel.IN_APP),
        ),
    ).annotate(
        state=_state(now, prefix="mine__"),
        read_at=F("mine__read_at"),
        snoozed_until=F("mine__snoozed_until"),
        reminders=F("log__reminders"),
        last_reminded_at=F("log__last_reminded_at"),
        delivered_at=F("log__delivered_at"),
    )


def _state(now: datetime, *, prefix: str) -> Case:
    is_snoozed = {
        f"{prefix}state": State.SNOOZED,
        f"{prefix}snoozed_until__gt": now,
    }
    return Case(
        When(**{f"{prefix}state": State.READ}, then=Value(State.READ.value)),
        When(**is_snoozed, then=Value(State.SNOOZED.value)),
        default=Value(State.UNREAD.value),
        output_field=CharField(),
    )


def shown(row: Alert) -> Shown:
    """Read an annotated alert of `visible`."""
    state: str = row.state  # type: ignore[attr-defined]  # annotated
    return Shown(
        row,
        Personal(
            state=state,
            read_at=row.read_at if state == State.READ else None,  # type: ignore[attr-defined]  # annotated
            snoozed_until=row.snoozed_until if state == State.SNOOZED else None,  # type: ignore[attr-defined]  # annotated
            reminders=row.reminders or 0,  # type: ignore[attr-defined]  # annotated
            last_reminded_at=row.last_reminded_at,  # type: ignore[attr-defined]  # annotated
            is_delivered=row.delivered_at is not None,  # type: ignore[attr-defined]  # annotated
        ),
    )


def most_urgent_first(rows: QuerySet[Alert]) -> QuerySet[Alert]:
    """Order as the page shows them: critical first, then the newest."""
    return rows.order_by(SEVERITY_ORDER, "-start_time", "-id")


def visible_to(user_id: int, team_id: int | None, *, now: datetime) -> list[Shown]:
    """Return what this person may see now, the most urgent first; one query."""
    rows = visible(user_id, team_id, now=now)
    return [shown(row) for row in most_urgent_first(rows)]


def visible_to_many(
    standings: Collection[Standing],
    *,
    now: datetime,
) -> dict[int, list[Shown]]:
    """Return the same for many people, in five queries however many they are."""
    alerts = list(most_urgent_first(Alert.objects.filter(on_show(now))))
    ids = [alert.pk for alert in alerts]
    users = [standing.user_id for standing in standings]
    teams = _targets(Alert.target_teams.through.objects.filter(alert__in=ids), "team")
    people = _targets(
        Alert.target_users.through.objects.filter(alert__in=ids, user__in=users),
        "user",
    )
    mine = _personal_of(ids, users, now=now)
    return {
        standing.user_id: [
            Shown(alert, mine.get((alert.pk, standing.user_id), Personal()))
            for alert in alerts
            if alert.visibility_type == Visibility.ORGANIZATION
            or standing.team_id in teams[alert.pk]
            or standing.user_id in people[alert.pk]
        ]
        for standing in standings
    }


def _targets(rows: QuerySet[Any], name: str) -> defaultdict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for alert_id, target in rows.values_list("alert_id", f"{name}_id"):
        found[alert_id].add(target)
    return found


def _personal_of(
    alert_ids: Sequence[int],
    user_ids: Sequence[int],
    *,
    now: datetime,
) -> dict[tuple[int, int], Personal]:
    preferences = {
        (row.alert_id, row.user_id): row
        for row in UserAlertPreference.objects.filter(
            alert__in=alert_ids, user__in=user_ids
        )
    }
    log = {
        (row.alert_id, row.user_id): row
        for row in AlertDelivery.objects.filter(
            alert__in=alert_ids, user__in=user_ids, channel=Channel.IN_APP
        )
    }
    return {
        key: personal(preferences.get(key), log.get(key), now=now)
        for key in preferences.keys() | log.keys()
    }


def personal(
    preference: UserAlertPreference | None,
    delivery: AlertDelivery | None,
    *,
    now: datetime,
) -> Personal:
    """Say what an alert is to somebody by their rows."""
    state = state_of(preference, now=now)
    return Personal(
        state=state.value,
        read_at=preference.read_at if preference and state == State.READ else None,
        snoozed_until=(
            preference.snoozed_until if preference and state == State.SNOOZED else None
        ),
        reminders=delivery.reminders if delivery else 0,
        last_reminded_at=delivery.last_reminded_at if delivery else None,
        is_delivered=delivery is not None and delivery.delivered_at is not None,
    )


def state_of(preference: UserAlertPreference | None, *, now: datetime) -> State:
    """Say the state; a snooze that is over is unread, also before a sweep saw it."""
    if preference is None:
        return State.UNREAD
    until = preference.snoozed_until
    is_over = until is not None and until <= now
    return State.UNREAD if is_over else State(preference.state)


def counts(rows: Sequence[Shown]) -> UserCounts:
    """Count the states of what somebody is shown."""
    states = [each.personal.state for each in rows]
    unread = [each for each in rows if each.personal.state == State.UNREAD]
    return UserCounts(
        unread=len(unread),
        read=states.count(State.READ),
        snoozed=states.count(State.SNOOZED),
        by_severity={
            severity: sum(each.alert.severity == severity for each in unread)
            for severity in Severity.values
        },
    )


def audience(alert: Alert) -> QuerySet[User]:
    """Return the active users whom an alert is for."""
    return people(
        alert.visibility_type,
        team_ids=alert.target_teams.values("pk"),
        user_ids=alert.target_users.values("pk"),
    )


def people(
    visibility_type: str,
    *,
    team_ids: Any,
    user_ids: Any,
) -> QuerySet[User]:
    """Return the active users of an audience: of teams, or of users, by their ids."""
    users = User.objects.filter(is_active=True)
    if visibility_type == Visibility.ORGANIZATION:
        return users
    if visibility_type == Visibility.TEAM:
        return users.filter(team__in=team_ids)
    return users.filter(pk__in=user_ids)


def groups_of(alert: Alert) -> frozenset[str]:
    """Name the groups of connections that an alert goes to."""
    by_team = alert.visibility_type == Visibility.TEAM
    by_user = alert.visibility_type == Visibility.USER
    return policy.audience_groups(
        alert.visibility_type,
        team_ids=_ids(alert.target_teams) if by_team else (),
        user_ids=_ids(alert.target_users) if by_user else (),
    )


def _ids(targets: Any) -> list[int]:
    return list(targets.values_list("pk", flat=True))


def alerts() -> QuerySet[Alert]:
    """Return all alerts, newest first, with what their description needs."""
    return Alert.objects.order_by("-id").prefetch_related(
        "target_teams", "target_users"
    )


def with_status(value: str, *, now: datetime) -> Q:
    """Match the alerts with this status."""
    is_on = Q(is_active=True, archived_at=None)
    return {
        "scheduled": is_on & Q(start_time__gt=now, expiry_time__gt=now),
        "active": on_show(now),
        "expired": is_on & Q(expiry_time__lte=now),
        "withdrawn": ~is_on,
    }.get(value, Q(pk=None))


def unknown_teams(ids: Collection[int]) -> list[int]:
    """Return those of the ids that no team has."""
    found = Team.objects.filter(pk__in=ids).values_list("pk", flat=True)
    return sorted(set(ids) - set(found))


def unknown_users(ids: Collection[int]) -> list[int]:
    """Return those of the ids that no active user has."""
    found = User.objects.filter(pk__in=ids, is_active=True)
    return sorted(set(ids) - set(found.values_list("pk", flat=True)))


def recipients(alert: Alert) -> int:
    """Count whom an alert is for."""
    return audience(alert).count()
