"""What a notification must be before it is stored."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypedDict
from urllib.parse import urlsplit

from apps.common import strict_json
from apps.delivery.base import Content
from apps.notifications.ladder import IN_APP, next_step
from apps.notifications.models import Severity
from apps.notifications.outside import Wanted
from apps.notifications.outside import errors as outside_errors

# The rules of the ladder of channels are in a file of their own.
__all__ = ["next_step"]

PAYLOAD_LIMIT_BYTES = 32_768
PAYLOAD_DEPTH = 16
TITLE_LENGTH = 200
BODY_LENGTH = 4000
URL_LENGTH = 2000
SOURCE_LENGTH = 100
REQUEST_ID_LENGTH = 64
LARGEST_ID = 2**63 - 1
EMPTY_PAYLOAD = "{}"
# The recipient of what goes to a bare address.
NOBODY = 0
ONLY_IN_APP = (IN_APP,)

KIND = re.compile(r"[a-z0-9_.-]{1,64}")
IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_IN_A_URL = re.compile(r"[\x00-\x20\x7f-\x9f\\]|[\ud800-\udfff]")


class Message(TypedDict, total=False):
    """What a sender may say beside the recipient."""

    payload: object
    payload_text: str | None
    title: str
    body: str
    severity: str
    kind: str
    url: str
    source: str
    idempotency_key: str | None
    expires_at: datetime | None
    request_id: str
    channels: Sequence[str]
    mode: str
    contents: Mapping[str, Content] | None
    addresses: Mapping[str, str] | None
    until: str
    wait: Sequence[timedelta]
    skip_if_online: bool


@dataclass(frozen=True)
class Draft:
    """A notification that is yet to be stored.

    `payload_text` is JSON that has been checked; it wins over `payload`. The fields
    from `channels` on are for more than the page: docs/delivery.md.
    """

    recipient_id: int
    payload: object = None
    payload_text: str | None = None
    title: str = ""
    body: str = ""
    severity: str = "info"
    kind: str = "message"
    url: str = ""
    source: str = ""
    idempotency_key: str | None = None
    expires_at: datetime | None = None
    request_id: str = ""
    broadcast_id: int | None = None
    channels: Sequence[str] = ONLY_IN_APP
    mode: str = "first"
    contents: Mapping[str, Content] | None = None
    addresses: Mapping[str, str] | None = None
    until: str = "sent"
    wait: Sequence[timedelta] = field(default=())
    skip_if_online: bool = False

    @property
    def is_plain(self) -> bool:
        """Say whether it is for the page alone, as most are."""
        return self.channels is ONLY_IN_APP or tuple(self.channels) == ONLY_IN_APP

    @property
    def is_in_app(self) -> bool:
        """Say whether it shows on the page."""
        return IN_APP in self.channels


class DraftError(ValueError):
    """A notification that cannot be; `errors` says why for each field."""

    code = "invalid"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        """Keep the errors; the text names every field."""
        self.errors = errors
        super().__init__(
            "; ".join(f"{field}: {' '.join(texts)}" for field, texts in errors.items()),
        )


class PayloadTooLargeError(DraftError):
    """A payload above 32 KiB."""

    code = "payload_too_large"


def completed(draft: Draft, *, now: datetime) -> Draft:
    """Return the draft with its payload as text.

    Raises: DraftError naming every field that is wrong, PayloadTooLargeError.
    """
    errors = _errors(draft, now=now)
    if errors:
        raise DraftError(errors)
    return replace(draft, payload_text=_payload_text(draft), payload=None)


def encoded(payload: object) -> str:
    """Encode a payload compactly as JSON text.

    Raises: DraftError for what is not JSON, PayloadTooLargeError.
    """
    try:
        text = json.dumps(
            payload,
            ensure_ascii=False,
            allow_nan=False,
            separators=(",", ":"),
        )
    except (TypeError, ValueError, RecursionError) as error:
        message = f"The payload is not JSON: {error}."
        raise DraftError({"payload": [message]}) from error
    return checked_text(text)


def checked_text(text: str) -> str:
    """Return the payload's JSON text as it came if it may be stored.

    Raises: DraftError for null and for JSON that we refuse, PayloadTooLargeError.
    """
    _check_size(text)
    try:
        value = strict_json.parse(text, max_depth=PAYLOAD_DEPTH)
    except strict_json.BadJSON as error:
        raise DraftError({"payload": [str(error)]}) from error
    if value is None:
        raise DraftError({"payload": ["The payload may not be null."]})
    return text


def url_error(url: str) -> str | None:
    """Say what is wrong with a link; only our own paths and the web are allowed."""
    if len(url) > URL_LENGTH:
        return f"At most {URL_LENGTH} characters."
    if _NOT_IN_A_URL.search(url):
        return "No spaces, control characters or backslashes."
    if url.startswith("/") and not url.startswith("//"):
        return None
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_web = False
    return None if is_web else "Must start with / or be an http or https address."


def _payload_text(draft: Draft) -> str:
    if draft.payload_text is not None:
        _check_size(draft.payload_text)
        return draft.payload_text
    if draft.payload is not None:
        return encoded(draft.payload)
    has_text = draft.title or (not draft.is_plain and (draft.body or draft.contents))
    if not has_text:
        raise DraftError({"payload": ["Give a payload, or a title."]})
    return EMPTY_PAYLOAD


def _check_size(text: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > PAYLOAD_LIMIT_BYTES:
        message = f"At most {PAYLOAD_LIMIT_BYTES} bytes; this payload has {size}."
        raise PayloadTooLargeError({"payload": [message]})


def _errors(draft: Draft, *, now: datetime) -> dict[str, list[str]]:
    found = {
        "recipient": _recipient_error(draft),
        "title": _text_error(draft.title, TITLE_LENGTH),
        "body": _text_error(draft.body, BODY_LENGTH),
        "source": _text_error(draft.source, SOURCE_LENGTH),
        "request_id": _text_error(draft.request_id, REQUEST_ID_LENGTH),
        "severity": _severity_error(draft.severity),
        "kind": _pattern_error(draft.kind, KIND),
        "url": url_error(draft.url) if draft.url else None,
        "idempotency_key": (
            None
            if draft.idempotency_key is None
            else _pattern_error(draft.idempotency_key, IDEMPOTENCY_KEY)
        ),
        "expires_at": expiry_error(draft.expires_at, now=now),
    }
    if not draft.is_plain:
        found |= outside_errors(
            Wanted(
                has_user=draft.recipient_id != NOBODY,
                channels=tuple(draft.channels),
                mode=draft.mode,
                contents=draft.contents or {},
                addresses=draft.addresses or {},
                until=draft.until,
                wait=tuple(draft.wait),
                skip_if_online=draft.skip_if_online,
            )
        )
    return {field: [error] for field, error in found.items() if error}


def _recipient_error(draft: Draft) -> str | None:
    if draft.recipient_id == NOBODY and not draft.is_in_app and draft.addresses:
        return None
    return _id_error(draft.recipient_id)


def _id_error(value: object) -> str | None:
    if type(value) is int and 0 < value <= LARGEST_ID:
        return None
    return "Must be the id of a user: a whole number above 0."


def _text_error(value: object, length: int) -> str | None:
    if not isinstance(value, str):
        return "Must be a text."
    if len(value) > length:
        return f"At most {length} characters."
    if _UNPRINTABLE.search(value):
        return "A NUL character or a lone surrogate is not allowed."
    return None


def _severity_error(value: object) -> str | None:
    if value in Severity.values:
        return None
    return f"Must be one of {', '.join(Severity.values)}."


def _pattern_error(value: object, pattern: re.Pattern[str]) -> str | None:
    if isinstance(value, str) and pattern.fullmatch(value):
        return None
    return f"Must match {pattern.pattern}."


def expiry_error(value: object, *, now: datetime) -> str | None:
    """Say what is wrong with a time of expiry."""
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return "Must be a time with a time zone, such as 2030-01-01T00:00:00Z."
    return None if value > now else "Must be in the future."
