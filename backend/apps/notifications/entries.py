"""From a JSON object that somebody sent to a draft, for every entrance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from apps.common import clock
from apps.notifications import policy, selectors
from apps.notifications.policy import Draft, DraftError

EXTERNAL_ID_LENGTH = 150
# Stands in a draft for the recipient that is not looked up yet.
_SOMEBODY = 1
_SAID = ("title", "body", "severity", "kind", "url", "expires_at")


@dataclass(frozen=True)
class Entry:
    """A right notification; whether its recipient exists is yet to be seen."""

    draft: Draft
    external_id: str | None


@dataclass(frozen=True)
class Refusal:
    """Why one of many is not sent: a code for programs, texts for people."""

    code: str
    errors: Any

    @property
    def detail(self) -> str:
        """Say it in one line."""
        return "; ".join(
            f"{field}: {' '.join(texts)}" for field, texts in self.errors.items()
        )


NO_USER = Refusal("user_not_found", {"user_id": ["There is no such user."]})


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    user_id: int = 0
    external_id: str = ""
    payload: msgspec.Raw = msgspec.Raw()
    title: str = ""
    body: str = ""
    severity: str = "info"
    kind: str = "message"
    url: str = ""


_plain = msgspec.json.Decoder(_Plain)


def plain(raw: bytes, *, source: str, request_id: str = "") -> Entry | None:
    """Translate what is right and nothing special; None for everything else.

    A serializer costs three times as much as all the rest of the translation. `raw`
    has been parsed by `strict_json` before: here nobody looks for double keys.
    """
    try:
        said = _plain.decode(raw)
        if (said.user_id == 0) == (said.external_id == ""):
            return None
        if len(said.external_id) > EXTERNAL_ID_LENGTH:
            return None
        text = bytes(said.payload).decode()
        draft = Draft(
            said.user_id or _SOMEBODY,
            payload_text=policy.checked_text(text) if text else None,
            title=said.title,
            body=said.body,
            severity=said.severity,
            kind=said.kind,
            url=said.url,
            source=source,
            request_id=request_id,
        )
        completed = policy.completed(draft, now=clock.now())
    except (msgspec.DecodeError, DraftError):
        return None
    return Entry(completed, said.external_id or None)


def checked(fields: dict[str, Any], raw: bytes, *, source: str) -> Entry:
    """Translate what the serializer of the API has passed.

    Raises: DraftError, PayloadTooLargeError.
    """
    draft = Draft(fields.get("user_id", _SOMEBODY), **said(fields, raw), source=source)
    completed = policy.completed(draft, now=clock.now())
    return Entry(completed, fields.get("external_id"))


def said(fields: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """Gather what a message says; the payload as the text that came in.

    Raises: DraftError, PayloadTooLargeError.
    """
    values = {name: fields[name] for name in _SAID if name in fields}
    if "payload" in fields:
        text = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])["payload"]
        values["payload_text"] = policy.checked_text(bytes(text).decode())
    return values


def with_recipients(entries: Sequence[Entry | Refusal]) -> list[Draft | Refusal]:
    """Find all recipients in one query."""
    right = [each for each in entries if isinstance(each, Entry)]
    if not right:
        return [each for each in entries if isinstance(each, Refusal)]
    active, by_external_id = selectors.recipients(
        user_ids={each.draft.recipient_id for each in right if not each.external_id},
        external_ids={each.external_id for each in right if each.external_id},
    )

    def placed(each: Entry | Refusal) -> Draft | Refusal:
        if isinstance(each, Refusal):
            return each
        if each.external_id is None:
            return each.draft if each.draft.recipient_id in active else NO_USER
        if each.external_id not in by_external_id:
            return NO_USER
        return replace(each.draft, recipient_id=by_external_id[each.external_id])

    return [placed(each) for each in entries]
