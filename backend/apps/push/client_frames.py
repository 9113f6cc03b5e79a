"""Read what a client sends: frames and the resume position (docs/protocol.md)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from apps.common import strict_json

MAX_DEPTH = 16
MAX_KEYS = 100
MAX_NUMBER = 2**63 - 1
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EPOCH = re.compile(r"[A-Za-z0-9_]{1,40}")
_NUMBER = re.compile(r"[0-9]{1,19}")


class BadFrame(Exception):  # noqa: N818  (reads as what happened)
    """A frame that is not understood; carries the error's code and the frame's id."""

    def __init__(self, code: str, text: str, *, ref: str = "") -> None:
        """Keep what the error frame will say."""
        super().__init__(text)
        self.code = code
        self.text = text
        self.ref = ref


@dataclass(frozen=True)
class Ack:
    """Acknowledge `keys`, or everything up to `up_to`; `read` marks it read too."""

    keys: frozenset[UUID]
    up_to: int | None
    epoch: str | None
    read: bool
    ref: str


@dataclass(frozen=True)
class Command:
    """Run one command of the fixed table."""

    key: str
    ref: str


@dataclass(frozen=True)
class Watch:
    """Begin or end to watch a mailing."""

    mailing: int
    begin: bool
    ref: str


@dataclass(frozen=True)
class Auth:
    """Present a credential."""

    token: str
    ref: str


ClientFrame = Ack | Command | Watch | Auth


@dataclass(frozen=True)
class Resume:
    """The last number and state version that a client has processed."""

    epoch: str
    seq: int
    state_version: int | None


def parse(text: str) -> ClientFrame:
    """Understand one text frame.

    Raises: BadFrame with code bad_json, bad_type, unknown_type or bad_frame.
    """
    try:
        value = strict_json.parse(text, max_depth=MAX_DEPTH)
    except strict_json.BadJSON as problem:
        code = "bad_json"
        raise BadFrame(code, str(problem)) from problem
    if not isinstance(value, dict):
        code = "bad_json"
        raise BadFrame(code, "A frame must be a JSON object.")
    ref = _ref(value)
    kind = value.get("type")
    if not isinstance(kind, str):
        code = "bad_type"
        raise BadFrame(code, "A frame must have a text `type`.", ref=ref)
    read = _READERS.get(kind)
    if read is None:
        code = "unknown_type"
        raise BadFrame(code, "This frame type is not known.", ref=ref)
    return read(value, ref)


def parse_resume(query_string: str) -> Resume | None:
    """Read the resume position from the query; None where there is none.

    Raises: BadFrame with code bad_position when there is one that cannot be parsed.
    """
    try:
        query = parse_qs(query_string, keep_blank_values=True, max_num_fields=20)
    except ValueError as problem:
        code = "bad_position"
        raise BadFrame(code, "The resume position cannot be read.") from problem
    if not {"epoch", "seq", "state"} & query.keys():
        return None
    epoch, seq = query.get("epoch", [""])[-1], query.get("seq", [""])[-1]
    state = query.get("state", ["0"])[-1]
    if not (_EPOCH.fullmatch(epoch) and _is_number(seq) and _is_number(state)):
        code = "bad_position"
        raise BadFrame(code, "The resume position cannot be read.")
    return Resume(
        epoch=epoch,
        seq=int(seq),
        state_version=int(state) if "state" in query else None,
    )


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and int(text) <= MAX_NUMBER


def _ref(value: dict[str, Any]) -> str:
    ref = value.get("id")
    return ref if isinstance(ref, str) and len(ref) <= 64 else ""


def _bad(text: str, ref: str) -> BadFrame:
    return BadFrame("bad_frame", text, ref=ref)


def _read_ack(value: dict[str, Any], ref: str) -> Ack:
    up_to, epoch = value.get("up_to"), value.get("epoch")
    if up_to is None:
        return Ack(_keys(value, ref), None, None, read=False, ref=ref)
    if type(up_to) is not int or not (epoch is None or isinstance(epoch, str)):
        code = "bad_position"
        raise BadFrame(code, "`up_to` must be a whole number.", ref=ref)
    return Ack(frozenset(), up_to, epoch, read=False, ref=ref)


def _read_read(value: dict[str, Any], ref: str) -> Ack:
    return Ack(_keys(value, ref), None, None, read=True, ref=ref)


def _keys(value: dict[str, Any], ref: str) -> frozenset[UUID]:
    keys = value.get("keys", [value["key"]] if "key" in value else None)
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        raise _bad(f"`keys` must be a list of 1 to {MAX_KEYS} keys.", ref)
    if not all(isinstance(key, str) and _UUID.fullmatch(key) for key in keys):
        code = "unknown_key"
        raise BadFrame(code, "One of the keys is not known.", ref=ref)
    return frozenset(UUID(key) for key in keys)


def _read_command(value: dict[str, Any], ref: str) -> Command:
    key = value.get("key")
    if not isinstance(key, str):
        text = "A command must have a text `key`."
        raise _bad(text, ref)
    return Command(key, ref)


def _read_watch(value: dict[str, Any], ref: str) -> Watch:
    return Watch(_mailing(value, ref), begin=True, ref=ref)


def _read_unwatch(value: dict[str, Any], ref: str) -> Watch:
    return Watch(_mailing(value, ref), begin=False, ref=ref)


def _mailing(value: dict[str, Any], ref: str) -> int:
    mailing = value.get("mailing")
    if type(mailing) is not int or not 0 < mailing <= MAX_NUMBER:
        text = "`mailing` must be the number of a mailing."
        raise _bad(text, ref)
    return mailing


def _read_auth(value: dict[str, Any], ref: str) -> Auth:
    token = value.get("token")
    if not isinstance(token, str) or not token:
        text = "`token` must be a ticket or a token."
        raise _bad(text, ref)
    return Auth(token, ref)


_READERS: dict[str, Callable[[dict[str, Any], str], ClientFrame]] = {
    "message_ack": _read_ack,
    "message_read": _read_read,
    "command": _read_command,
    "watch": _read_watch,
    "unwatch": _read_unwatch,
    "auth": _read_auth,
}
