"""From the body of a message to a notification, by the rules of the HTTP API."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from apps.common import clock, strict_json
from apps.notifications import policy, selectors
from apps.notifications.policy import Draft, DraftError
from apps.notifications.serializers import SendRequest
from consumers.messages import (
    BODY_LIMIT_BYTES,
    HEADERS_LIMIT_BYTES,
    Incoming,
    is_printable,
)

# Stands in a draft for the recipient that is not looked up yet.
_SOMEBODY = 1
_EXTERNAL_ID_LENGTH = 150
_SAID = ("title", "body", "severity", "kind", "url", "expires_at")
_PLAIN_ENCODINGS = {"", "utf-8", "utf8", "identity"}
_CHARSETS = {"", "charset=utf-8", "charset=utf8", 'charset="utf-8"'}


@dataclass(frozen=True)
class Refusal:
    """Why a message is not taken: a code for programs, texts for people."""

    code: str
    errors: dict[str, list[str]]

    @property
    def detail(self) -> str:
        """Say it in one line."""
        return "; ".join(
            f"{field}: {' '.join(texts)}" for field, texts in self.errors.items()
        )


@dataclass(frozen=True)
class _Entry:
    draft: Draft
    external_id: str | None


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    user_id: int = 0
    external_id: str = ""
    payload: msgspec.Raw = msgspec.Raw()
    title: str = ""
    body: str = ""
    severity: str = "info"
    kind: str = "message"
    url: str = ""


_NO_USER = Refusal("user_not_found", {"user_id": ["There is no such user."]})


class _RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def drafts(messages: Sequence[Incoming]) -> list[Draft | Refusal]:
    """Translate messages; all recipients are found in one query."""
    entries = [_entry_or_refusal(message) for message in messages]
    right = [each for each in entries if isinstance(each, _Entry)]
    if not right:
        return [each for each in entries if isinstance(each, Refusal)]
    active, by_external_id = selectors.recipients(
        user_ids={each.draft.recipient_id for each in right},
        external_ids={each.external_id for each in right if each.external_id},
    )

    def placed(each: _Entry | Refusal) -> Draft | Refusal:
        if isinstance(each, Refusal):
            return each
        if each.external_id is None:
            return each.draft if each.draft.recipient_id in active else _NO_USER
        if each.external_id not in by_external_id:
            return _NO_USER
        return replace(each.draft, recipient_id=by_external_id[each.external_id])

    return [placed(each) for each in entries]


def _entry_or_refusal(message: Incoming) -> _Entry | Refusal:
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


def _entry(message: Incoming) -> _Entry:
    value = _parsed(message.body)
    entry = _plain_entry(message)
    return entry if entry is not None else _any_entry(message, value)


def _plain_entry(message: Incoming) -> _Entry | None:
    """Translate what is right and nothing special; anything else is looked at below.

    A serializer costs three times as much as all the rest of the translation.
    """
    try:
        said = msgspec.json.decode(message.body, type=_Plain)
        if (said.user_id == 0) == (said.external_id == ""):
            return None
        if len(said.external_id) > _EXTERNAL_ID_LENGTH:
            return None
        text = bytes(said.payload).decode() if said.payload else None
        draft = Draft(
            said.user_id or _SOMEBODY,
            payload_text=None if text is None else policy.checked_text(text),
            title=said.title,
            body=said.body,
            severity=said.severity,
            kind=said.kind,
            url=said.url,
            source=_source(message),
        )
        completed = policy.completed(draft, now=clock.now())
    except (msgspec.DecodeError, DraftError):
        return None
    return _Entry(completed, said.external_id or None)


def _any_entry(message: Incoming, value: dict[str, Any]) -> _Entry:
    fields = _checked(value)
    values: dict[str, Any] = {name: fields[name] for name in _SAID if name in fields}
    values["source"] = _source(message)
    try:
        if "payload" in fields:
            raw = msgspec.json.decode(message.body, type=dict[str, msgspec.Raw])
            text = bytes(raw["payload"]).decode()
            values["payload_text"] = policy.checked_text(text)
        recipient_id = fields.get("user_id", _SOMEBODY)
        draft = policy.completed(Draft(recipient_id, **values), now=clock.now())
    except DraftError as error:
        raise _RefusedError(_said(error)) from error
    return _Entry(draft, fields.get("external_id"))


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


def _source(message: Incoming) -> str:
    return f"amqp:{message.source.strip('/')}"[: policy.SOURCE_LENGTH]
