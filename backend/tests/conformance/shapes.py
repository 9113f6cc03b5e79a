"""The exact keys and types of every frame that a server may send (docs/protocol.md)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

Frame = dict[str, Any]
Check = Callable[[Any], bool]

STATES = {"acked", "read", "unread", "archived", "withdrawn", "expired"}
ALERT_CHANGES = {"published", "updated", "reminder", "state", "expired", "withdrawn"}
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


def is_text(value: Any) -> bool:
    """Say whether this is a string."""
    return isinstance(value, str)


def is_filled(value: Any) -> bool:
    """Say whether this is a string with something in it."""
    return isinstance(value, str) and bool(value)


def is_whole(value: Any) -> bool:
    """Say whether this is an integer of at least 0, and not a truth value."""
    return type(value) is int and value >= 0


def is_number(value: Any) -> bool:
    """Say whether this is a number of at least 0."""
    return type(value) in {int, float} and value >= 0


def is_truth(value: Any) -> bool:
    """Say whether this is true or false."""
    return isinstance(value, bool)


def is_moment(value: Any) -> bool:
    """Say whether this is a moment in UTC."""
    if not is_text(value) or not _TIMESTAMP.fullmatch(value):
        return False
    return datetime.fromisoformat(value).tzinfo is not None


def is_uuid7(value: Any) -> bool:
    """Say whether this is the canonical text of a UUIDv7."""
    if not is_text(value):
        return False
    try:
        return str(UUID(value)) == value and UUID(value).version == 7
    except ValueError:
        return False


def is_list(value: Any) -> bool:
    """Say whether this is a list."""
    return isinstance(value, list)


def one_of(values: set[str]) -> Check:
    """Make a check for one of these words."""
    return lambda value: isinstance(value, str) and value in values


def list_of(check: Check) -> Check:
    """Make a check for a list of such values."""
    return lambda value: isinstance(value, list) and all(map(check, value))


def null_or(check: Check) -> Check:
    """Make a check that null passes too."""
    return lambda value: value is None or check(value)


def record(shape: Mapping[str, Check]) -> Check:
    """Make a check for an object with exactly these keys."""
    return lambda value: (
        isinstance(value, dict)
        and value.keys() == shape.keys()
        and all(check(value[key]) for key, check in shape.items())
    )


@dataclass(frozen=True)
class Shape:
    """The keys that a frame must have beside `type`, and those that it may have."""

    required: dict[str, Check]
    optional: dict[str, Check] = field(default_factory=dict)


MAILING_PROGRESS: dict[str, Check] = {
    "mailing": is_whole,
    "status": is_filled,
    **dict.fromkeys(
        ("total", "sent", "failed", "waiting", "expired", "unknown", "cancelled"),
        is_whole,
    ),
    "rate": is_number,
    "eta_seconds": null_or(is_number),
}

SHARED_ALERT: dict[str, Check] = {
    "id": is_whole,
    "title": is_filled,
    "message": is_filled,
    "severity": one_of({"info", "warning", "critical"}),
    "visibility_type": one_of({"organization", "team", "user"}),
    "start_time": is_moment,
    "expiry_time": is_moment,
    "created_at": is_moment,
    "updated_at": is_moment,
}
PERSONAL_ALERT: dict[str, Check] = {
    "id": is_whole,
    "state": one_of({"unread", "read", "snoozed"}),
    "read_at": null_or(is_moment),
    "snoozed_until": null_or(is_moment),
    "reminders": is_whole,
    "last_reminded_at": null_or(is_moment),
}
CHANGED_ALERTS = (
    record(SHARED_ALERT),
    record(PERSONAL_ALERT),
    record({"id": is_whole}),
)

SHAPES: dict[str, Shape] = {
    "hello": Shape(
        {
            "v": lambda value: value == 1 and is_whole(value),
            "connection_id": is_filled,
            "user_id": is_whole,
            "server_time": is_moment,
            "stream": record({"epoch": is_filled, "last_seq": is_whole}),
            "state_version": is_whole,
            "alerts_version": is_whole,
            "resume": record({"seq": is_whole, "recovered": is_truth}),
            "unread": is_whole,
            "ping_interval": is_number,
            "session_expires_at": is_moment,
            "limits": record({"frame": is_whole, "window": is_whole}),
        },
        {"replay_truncated": is_truth},
    ),
    "alerts": Shape(
        {
            "version": is_whole,
            "alerts": list_of(record({**SHARED_ALERT, **PERSONAL_ALERT})),
        },
    ),
    "mailings": Shape({"mailings": is_list}),
    "server_notification": Shape(
        {
            "key": is_uuid7,
            "seq": lambda value: is_whole(value) and value > 0,
            "value": lambda value: value is not None,
            "kind": is_filled,
            "title": is_text,
            "body": is_text,
            "severity": one_of({"info", "warning", "critical"}),
            "url": is_text,
            "created_at": is_moment,
        },
        {"replay": is_truth, "request_id": is_filled},
    ),
    "replay_end": Shape({"seq": is_whole}),
    "notification_state": Shape(
        {
            "keys": list_of(is_uuid7),
            "up_to": null_or(is_whole),
            "state": one_of(STATES),
            "state_version": is_whole,
            "unread": is_whole,
        },
    ),
    "resync": Shape({}),
    "alert": Shape(
        {
            "version": is_whole,
            "alert": lambda value: any(check(value) for check in CHANGED_ALERTS),
            "change": one_of(ALERT_CHANGES),
        },
    ),
    "mailing_progress": Shape(MAILING_PROGRESS),
    "watch_result": Shape({"mailing": is_whole, "ok": is_truth}),
    "command_processing_result": Shape(
        {"key": is_filled, "value": is_text, "id": is_text, "server_time": is_moment},
    ),
    "message_processing_error": Shape(
        {"value": is_filled, "code": is_filled},
        {"ref": null_or(is_text)},
    ),
    "session_expiring": Shape({"in": is_whole}),
    "auth_ok": Shape({"session_expires_at": is_moment}),
    "going_away": Shape({"reconnect_in_ms": is_whole}),
}


def check_frame(frame: Any) -> None:
    """Compare a frame with its shape.

    Raises: AssertionError that names the key at fault.
    """
    assert isinstance(frame, dict), f"not an object: {frame!r}"
    shape = SHAPES.get(frame.get("type", ""))
    assert shape is not None, f"a frame that the protocol does not know: {frame!r}"
    keys = frame.keys() - {"type"}
    missing = shape.required.keys() - keys
    assert not missing, f"{missing} missing in {frame!r}"
    unknown = keys - shape.required.keys() - shape.optional.keys()
    assert not unknown, f"{unknown} not in the protocol: {frame!r}"
    for key in sorted(keys):
        check = shape.required.get(key) or shape.optional[key]
        assert check(frame[key]), f"wrong {key}: {frame!r}"
