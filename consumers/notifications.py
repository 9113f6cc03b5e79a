"""From the body of a message to a notification, by the rules of the HTTP API."""

import json
from collections.abc import Sequence
from typing import Any

from apps.common import strict_json
from apps.notifications import entries, policy
from apps.notifications.entries import Entry, Refusal
from apps.notifications.policy import Draft, DraftError
from apps.notifications.serializers import SendRequest
from consumers.messages import (
    BODY_LIMIT_BYTES,
    HEADERS_LIMIT_BYTES,
    Incoming,
    is_printable,
)

_PLAIN_ENCODINGS = {"", "utf-8", "utf8", "identity"}
_CHARSETS = {"", "charset=utf-8", "charset=utf8", 'charset="utf-8"'}


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def drafts(messages: Sequence[Incoming]) -> list[Draft | Refusal]:
    """Translate messages; all recipients are found in one query."""
    return entries.with_recipients([_entry_or_refusal(each) for each in messages])


def _entry_or_refusal(message: Incoming) -> Entry | Refusal:
    refusal = _envelope_refusal(message)
    if refusal is not None:
        return refusal
    try:
        return _entry(message)
    except _RefusedError as error:
        return error.refusal


def _envelope_refusal(message: Incoming) -> Refusal | None:
    """Look at what stands around the body, before anything of it is read."""
    for name in ("message_id", "correlation_id"):
        value = getattr(message, name)
        if value and not is_printable(value):
            return Refusal(f"bad_{name}", {name: ["Must be a printable text."]})
    if message.headers_size > HEADERS_LIMIT_BYTES:
        text = f"At most {HEADERS_LIMIT_BYTES} bytes."
        return Refusal("headers_too_large", {"headers": [text]})
    if not _is_plain(message.content_encoding):
        text = "Only an uncompressed body in UTF-8 is read."
        return Refusal("bad_content_encoding", {"content_encoding": [text]})
    if not _is_json(message.content_type):
        text = "Must be application/json, or not given."
        return Refusal("bad_content_type", {"content_type": [text]})
    if message.body_size > BODY_LIMIT_BYTES:
        text = f"At most {BODY_LIMIT_BYTES} bytes; this body has {message.body_size}."
        return Refusal("body_too_large", {"body": [text]})
    return None


def _is_plain(encoding: object) -> bool:
    return not encoding or str(encoding).strip().lower() in _PLAIN_ENCODINGS


def _is_json(content_type: object) -> bool:
    if not content_type:
        return True
    name, _, parameter = str(content_type).lower().partition(";")
    return name.strip() == "application/json" and parameter.strip() in _CHARSETS


def _entry(message: Incoming) -> Entry:
    value = _parsed(message.body)
    source = f"amqp:{message.source.strip('/')}"[: policy.SOURCE_LENGTH]
    entry = entries.plain(message.body, source=source)
    if entry is not None:
        return entry
    try:
        return entries.checked(_checked(value), message.body, source=source)
    except DraftError as error:
        raise _RefusedError(_said(error)) from error


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        value = strict_json.parse(body)
    except strict_json.BadJSON as error:
        raise _RefusedError(Refusal("bad_json", {"body": [str(error)]})) from error
    if not isinstance(value, dict):
        text = "The body must be a JSON object."
        raise _RefusedError(Refusal("bad_json", {"body": [text]}))
    return value


def _checked(value: dict[str, Any]) -> dict[str, Any]:
    request = SendRequest(data=value)
    if not request.is_valid():
        # Through JSON, since the errors are texts of DRF's own kind.
        errors = json.loads(json.dumps(request.errors))
        raise _RefusedError(Refusal("invalid", _bounded(errors)))
    checked: dict[str, Any] = request.validated_data
    return checked


def _bounded(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Keep ten fields: their names come from the publisher."""
    return {field[:64]: texts for field, texts in list(errors.items())[:10]}


def _said(error: DraftError) -> Refusal:
    is_late = error.errors == {"expires_at": ["Must be in the future."]}
    # A message that waited too long in the queue is no mistake of its publisher.
    return Refusal("expired" if is_late else error.code, error.errors)
