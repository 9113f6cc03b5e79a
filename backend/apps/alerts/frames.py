"""Alerts as the frames and the JSON that people are shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from apps.alerts.models import Alert
from apps.alerts.selectors import Personal, Shown
from apps.push import protocol


class SharedAlert(TypedDict):
    """What an alert says to everybody."""

    id: int
    title: str
    message: str
    severity: str
    visibility_type: str
    start_time: str
    expiry_time: str
    created_at: str
    updated_at: str


class PersonalAlert(TypedDict):
    """What an alert is to one person."""

    id: int
    state: str
    read_at: str | None
    snoozed_until: str | None
    reminders: int
    last_reminded_at: str | None


def shared(alert: Alert) -> SharedAlert:
    """Describe an alert as all see it."""
    return {
        "id": alert.pk,
        "title": alert.title,
        "message": alert.message,
        "severity": alert.severity,
        "visibility_type": alert.visibility_type,
        "start_time": protocol.timestamp(alert.start_time),
        "expiry_time": protocol.timestamp(alert.expiry_time),
        "created_at": protocol.timestamp(alert.created_at),
        "updated_at": protocol.timestamp(alert.updated_at),
    }


def personal(alert_id: int, mine: Personal) -> PersonalAlert:
    """Describe what an alert is to one person."""
    return {
        "id": alert_id,
        "state": mine.state,
        "read_at": _moment(mine.read_at),
        "snoozed_until": _moment(mine.snoozed_until),
        "reminders": mine.reminders,
        "last_reminded_at": _moment(mine.last_reminded_at),
    }


def whole(shown: Shown) -> dict[str, object]:
    """Describe an alert as one person sees it."""
    return {**shared(shown.alert), **personal(shown.alert.pk, shown.personal)}


def snapshot(rows: Sequence[Shown], *, version: int) -> str:
    """Encode the `alerts` frame."""
    return protocol.alerts([whole(each) for each in rows], version=version)


def change(alert: Alert, kind: str, *, version: int) -> str:
    """Encode the `alert` frame of a change that is the same for everybody."""
    return protocol.alert({**shared(alert)}, version=version, change=kind)


def gone(alert_id: int, kind: str, *, version: int) -> str:
    """Encode the `alert` frame for those who are to forget an alert."""
    return protocol.alert({"id": alert_id}, version=version, change=kind)


def own(alert_id: int, mine: Personal, *, version: int, kind: str) -> str:
    """Encode the `alert` frame of a change that concerns one person alone."""
    return protocol.alert({**personal(alert_id, mine)}, version=version, change=kind)


def _moment(value: datetime | None) -> str | None:
    return None if value is None else protocol.timestamp(value)
