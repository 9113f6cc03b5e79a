"""Writing alerts, and telling open pages what begins, changes and ends.

What people do with alerts is in `preferences`, what workers count in `journal`,
reminders in `reminders`.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypedDict

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import User
from apps.alerts import frames, outside, policy, selectors, versions
from apps.alerts.models import DEFAULT_INTERVAL_SECONDS, Alert, Channel
from apps.alerts.policy import AlertError, Draft, Status
from apps.alerts.versions import News
from apps.common import clock
from apps.notifications.models import Severity
from apps.push import groups

__all__ = ["AlertError"]

ALERTS_AT_ONCE = 100
_SETTLED = ("is_live", "told_cursor", "outside_cursor", "published_at", "version")
_STORED = (
    "title",
    "message",
    "severity",
    "visibility_type",
    "start_time",
    "expiry_time",
    "reminders_enabled",
    "reminder_interval",
    "max_reminders",
    "remind_outside",
    "is_active",
)


class AlertFields(TypedDict, total=False):
    """What can be written of an alert; what is absent stays as it is."""

    title: str
    message: str
    severity: str
    visibility_type: str
    target_teams: list[int]
    target_users: list[int]
    start_time: datetime
    expiry_time: datetime
    reminders_enabled: bool
    reminder_interval: int
    max_reminders: int | None
    channels: list[str]
    remind_outside: bool
    is_active: bool


@dataclass(frozen=True)
class Author:
    """Who writes an alert: a user, or nobody but a named service."""

    user: User | None = None
    source: str = ""


def create(fields: AlertFields, *, by: Author) -> Alert:
    """Store an alert; it is told to open pages at once if it has started.

    Raises: AlertError naming every field that is wrong; nothing is written then.
    """
    now = clock.now()
    draft = _completed(_blank(now), fields)
    check(draft)
    with transaction.atomic():
        alert = Alert(
            created_by=by.user,
            source=by.source,
            created_at=now,
            updated_at=now,
        )
        _assign(alert, draft)
        alert.save(force_insert=True)
        _set_targets(alert, draft)
        _settle(alert, frozenset(), now=now)
    return alert


def update(alert_id: int, fields: AlertFields) -> Alert:
    """Change an alert; what is not named stays.

    Raises: AlertError, Alert.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        alert = Alert.objects.select_for_update(no_key=True).get(pk=alert_id)
        before = selectors.groups_of(alert)
        draft = _completed(_draft(alert), fields)
        check(draft, known=_draft(alert))
        _assign(alert, draft)
        alert.updated_at = now
        alert.save(update_fields=[*_STORED, "channels", "updated_at"])
        _set_targets(alert, draft)
        _settle(alert, before, now=now)
    return alert


def archive(alert_id: int) -> None:
    """Take an alert out of sight for good; its log and its numbers stay.

    Raises: Alert.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        alert = Alert.objects.select_for_update(no_key=True).get(pk=alert_id)
        if alert.archived_at is not None:
            return
        alert.archived_at = alert.updated_at = now
        alert.save(update_fields=["archived_at", "updated_at"])
        _settle(alert, selectors.groups_of(alert), now=now)


def settle_due(now: datetime) -> int:
    """Tell pages what has started or expired by now; return how many alerts did.

    Safe to run twice and at once: the row is locked, and `is_live` is looked at again.
    """
    due = Alert.objects.filter(
        Q(selectors.on_show(now), is_live=False)
        | Q(is_live=True, expiry_time__lte=now),
    )
    ids = list(due.order_by("id").values_list("pk", flat=True)[:ALERTS_AT_ONCE])
    return sum(_settle_one(alert_id, now=now) for alert_id in ids)


def check_fields(fields: AlertFields, *, alert_id: int | None) -> None:
    """Refuse what `create` or, for an alert that there is, `update` would refuse.

    Raises: AlertError.
    """
    if alert_id is None:
        check(_completed(_blank(clock.now()), fields))
    else:
        known = _draft(Alert.objects.get(pk=alert_id))
        check(_completed(known, fields), known=known)


def check(draft: Draft, *, known: Draft | None = None) -> None:
    """Refuse an alert that cannot be.

    known: as it was; its targets are not looked for again, since somebody who was
    disabled meanwhile must not be in the way of another change.
    Raises: AlertError.
    """
    errors = policy.errors(draft)
    old_teams = known.target_teams if known else frozenset()
    old_users = known.target_users if known else frozenset()
    for field, unknown in (
        ("target_teams", selectors.unknown_teams(draft.target_teams - old_teams)),
        ("target_users", selectors.unknown_users(draft.target_users - old_users)),
    ):
        if unknown:
            named = ", ".join(map(str, unknown[:10]))
            errors.setdefault(field, []).append(f"Unknown: {named}.")
    if errors:
        raise AlertError(errors)


def _settle_one(alert_id: int, *, now: datetime) -> bool:
    with transaction.atomic():
        rows = Alert.objects.select_for_update(skip_locked=True, no_key=True)
        alert = rows.filter(pk=alert_id).first()
        if alert is None:
            return False
        is_on = policy.status(alert, now=now) is Status.ACTIVE
        if is_on == alert.is_live:
            return False
        _settle(alert, selectors.groups_of(alert), now=now)
    return True


def _settle(alert: Alert, before: frozenset[str], *, now: datetime) -> None:
    """Make what pages are told fit the alert; the row is ours.

    before: the groups that it was for until now.
    """
    status = policy.status(alert, now=now)
    present = selectors.groups_of(alert)
    was_live, alert.is_live = alert.is_live, status is Status.ACTIVE
    if was_live and not alert.is_live:
        kind = "expired" if status is Status.EXPIRED else "withdrawn"
        news = [_gone(alert, before, kind)]
        outside.take_back(alert)
    elif alert.is_live and not was_live:
        news = [_published(alert, present)]
    elif alert.is_live:
        news = _changed(alert, before, present)
    else:
        news = []
    if alert.is_live and (not was_live or present != before):
        alert.told_cursor = 0
        alert.outside_cursor = 0 if policy.outside_channels(alert) else None
    if alert.is_live and alert.published_at is None:
        alert.published_at = now
    named = [each for each in news if each.groups]
    if named:
        alert.version = versions.announce(named)
    alert.save(update_fields=_SETTLED)


def _gone(alert: Alert, old: frozenset[str], kind: str) -> News:
    def build(version: int) -> str:
        return frames.gone(alert.pk, kind, version=version)

    return News(old, versions.frame(build, alert_id=0))


def _published(alert: Alert, new: frozenset[str]) -> News:
    # Where somebody has read or snoozed it already, one frame cannot be right for
    # all: then everybody's page gets its own alerts anew.
    if alert.preferences.exists():
        return News(new, versions.look, is_silent=True)
    build = partial(_encoded, alert, "published")
    return News(new, versions.frame(build, alert_id=alert.pk))


def _changed(
    alert: Alert,
    before: frozenset[str],
    present: frozenset[str],
) -> list[News]:
    build = partial(_encoded, alert, "updated")
    removed = frozenset() if groups.EVERYONE in present else before - present
    return [
        _gone(alert, removed, "withdrawn"),
        News(before & present, versions.frame(build, alert_id=alert.pk)),
        _published(alert, present - before),
    ]


def _encoded(alert: Alert, kind: str, version: int) -> str:
    return frames.change(alert, kind, version=version)


def _blank(now: datetime) -> Draft:
    return Draft(
        title="",
        message="",
        severity=Severity.INFO.value,
        visibility_type="",
        target_teams=frozenset(),
        target_users=frozenset(),
        start_time=now,
        expiry_time=now,
        reminders_enabled=True,
        reminder_interval=DEFAULT_INTERVAL_SECONDS,
        max_reminders=None,
        channels=(Channel.IN_APP.value,),
        remind_outside=False,
        is_active=True,
    )


def _draft(alert: Alert) -> Draft:
    teams = alert.target_teams.values_list("pk", flat=True)
    users = alert.target_users.values_list("pk", flat=True)
    return Draft(
        target_teams=frozenset(teams),
        target_users=frozenset(users),
        channels=tuple(alert.channels),
        **{name: getattr(alert, name) for name in _STORED},
    )


def _completed(base: Draft, fields: AlertFields) -> Draft:
    """Put the fields over what there is; another audience forgets the old targets."""
    values = {**vars(base), **fields}
    if values["visibility_type"] != base.visibility_type:
        for name in ("target_teams", "target_users"):
            values[name] = fields.get(name, ())
    values |= {
        "target_teams": frozenset(values["target_teams"]),
        "target_users": frozenset(values["target_users"]),
        "channels": tuple(values["channels"]),
    }
    return Draft(**values)


def _assign(alert: Alert, draft: Draft) -> None:
    for name in _STORED:
        setattr(alert, name, getattr(draft, name))
    alert.channels = list(draft.channels)


def _set_targets(alert: Alert, draft: Draft) -> None:
    alert.target_teams.set(draft.target_teams)
    alert.target_users.set(draft.target_users)
