"""Every frame of the WebSocket protocol, built here alone (docs/protocol.md)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict

import msgspec

VERSION = 1
SUBPROTOCOL = "carillon.v1"
TICKET_SUBPROTOCOL_PREFIX = "ticket."

CLOSE_NORMAL = 1000
CLOSE_PROTOCOL_ERRORS = 4400
CLOSE_UNAUTHENTICATED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_TOO_SLOW = 4408
CLOSE_REPLACED = 4409
CLOSE_EPOCH_CHANGED = 4410
CLOSE_RESTART = 4012
CLOSE_TOO_LARGE = 4413
CLOSE_VERSION = 4426
CLOSE_RATE_LIMITED = 4429
CLOSE_SERVER_ERROR = 4500
CLOSE_UNAVAILABLE = 4503

_encode = msgspec.json.Encoder().encode


class NotificationFrame(TypedDict):
    """What a `server_notification` shows; `payload` is encoded JSON text."""

    key: str
    seq: int
    payload: str
    kind: str
    title: str
    body: str
    severity: str
    url: str
    created_at: datetime
    request_id: str
    replay: bool


class Limits(TypedDict):
    """The limits that a client is told."""

    frame: int
    window: int


class Hello(TypedDict):
    """What the first frame says."""

    connection_id: str
    user_id: int
    epoch: str
    last_seq: int
    state_version: int
    alerts_version: int
    resume_seq: int
    recovered: bool
    replay_truncated: bool
    unread: int
    ping_interval: float
    session_expires_at: datetime
    limits: Limits


class Progress(TypedDict):
    """How far a mailing is."""

    mailing: int
    title: str
    status: str
    reason: str
    total: int
    sent: int
    failed: int
    waiting: int
    expired: int
    unknown: int
    cancelled: int
    rate: float
    eta_seconds: int | None


def timestamp(moment: datetime) -> str:
    """Write a moment as ISO 8601 in UTC with milliseconds and a Z."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _frame(value: dict[str, Any]) -> str:
    return _encode(value).decode()


def hello(facts: Hello, *, server_time: datetime) -> str:
    """Build the first frame after accept."""
    interval = facts["ping_interval"]
    return _frame(
        {
            "type": "hello",
            "v": VERSION,
            "connection_id": facts["connection_id"],
            "user_id": facts["user_id"],
            "server_time": timestamp(server_time),
            "stream": {"epoch": facts["epoch"], "last_seq": facts["last_seq"]},
            "state_version": facts["state_version"],
            "alerts_version": facts["alerts_version"],
            "resume": {"seq": facts["resume_seq"], "recovered": facts["recovered"]},
            "replay_truncated": facts["replay_truncated"],
            "unread": facts["unread"],
            "ping_interval": int(interval) if interval == int(interval) else interval,
            "session_expires_at": timestamp(facts["session_expires_at"]),
            "limits": facts["limits"],
        },
    )


def server_notification(notification: NotificationFrame) -> str:
    """Build the frame of one notification; its payload is passed on as it stands."""
    value: dict[str, Any] = {
        "type": "server_notification",
        "key": notification["key"],
        "seq": notification["seq"],
        "value": msgspec.Raw(notification["payload"].encode()),
        "kind": notification["kind"],
        "title": notification["title"],
        "body": notification["body"],
        "severity": notification["severity"],
        "url": notification["url"],
        "created_at": timestamp(notification["created_at"]),
        "replay": notification["replay"],
    }
    if notification["request_id"]:
        value["request_id"] = notification["request_id"]
    return _frame(value)


def replay_end(seq: int) -> str:
    """Build the frame that ends the replay."""
    return _frame({"type": "replay_end", "seq": seq})


def notification_state(
    *,
    keys: Sequence[str],
    up_to: int | None,
    state: str,
    state_version: int,
    unread: int,
) -> str:
    """Build the frame of a change of states: of `keys`, or of all up to `up_to`."""
    return _frame(
        {
            "type": "notification_state",
            "keys": list(keys),
            "up_to": up_to,
            "state": state,
            "state_version": state_version,
            "unread": unread,
        },
    )


def resync() -> str:
    """Build the frame that asks the client to read its list again."""
    return _frame({"type": "resync"})


def alerts(alerts: Sequence[Mapping[str, Any]], *, version: int) -> str:
    """Build the snapshot of the alerts that a user may see."""
    return _frame({"type": "alerts", "version": version, "alerts": list(alerts)})


def alert(alert: Mapping[str, Any], *, version: int, change: str) -> str:
    """Build the frame of one alert's change."""
    return _frame(
        {"type": "alert", "version": version, "alert": alert, "change": change},
    )


def mailings(mailings: Sequence[Progress]) -> str:
    """Build the snapshot of the mailings that a user may follow."""
    return _frame({"type": "mailings", "mailings": list(mailings)})


def mailing_progress(progress: Progress) -> str:
    """Build the frame that says how far a mailing is."""
    return _frame({"type": "mailing_progress", **progress})


def watch_result(mailing: int, *, ok: bool) -> str:
    """Build the answer to `watch`."""
    return _frame({"type": "watch_result", "mailing": mailing, "ok": ok})


def command_result(key: str, value: str, *, ref: str, server_time: datetime) -> str:
    """Build the answer to a command."""
    return _frame(
        {
            "type": "command_processing_result",
            "key": key,
            "value": value,
            "id": ref,
            "server_time": timestamp(server_time),
        },
    )


def error(code: str, text: str, *, ref: str = "") -> str:
    """Build an error frame; `text` is for people, `code` for programs."""
    return _frame(
        {"type": "message_processing_error", "value": text, "code": code, "ref": ref},
    )


def session_expiring(seconds: int) -> str:
    """Build the warning before a session ends."""
    return _frame({"type": "session_expiring", "in": seconds})


def auth_ok(session_expires_at: datetime) -> str:
    """Build the answer to a successful `auth` frame."""
    return _frame(
        {"type": "auth_ok", "session_expires_at": timestamp(session_expires_at)},
    )


def going_away(reconnect_in_ms: int) -> str:
    """Build the frame that announces a restart."""
    return _frame({"type": "going_away", "reconnect_in_ms": reconnect_in_ms})


def size(frame: str) -> int:
    """Count the bytes of a frame as UTF-8."""
    return len(frame) if frame.isascii() else len(frame.encode())
