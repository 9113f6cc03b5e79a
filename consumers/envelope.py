"""What stands around the body of a message, and whether the body is JSON at all."""

from typing import Any

from apps.common import strict_json
from apps.notifications.entries import Refusal
from consumers.messages import (
    BODY_LIMIT_BYTES,
    HEADERS_LIMIT_BYTES,
    Incoming,
    is_printable,
)

_PLAIN_ENCODINGS = {"", "utf-8", "utf8", "identity"}
_CHARSETS = {"", "charset=utf-8", "charset=utf8", 'charset="utf-8"'}


class RefusedError(Exception):
    """A message that is not taken."""

    def __init__(self, refusal: Refusal) -> None:
        """Keep the reason."""
        super().__init__(refusal.code)
        self.refusal = refusal


def refusal(message: Incoming) -> Refusal | None:
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


def parsed(body: bytes) -> dict[str, Any]:
    """Parse a body by the rules of the HTTP API.

    Raises: RefusedError.
    """
    try:
        value = strict_json.parse(body)
    except strict_json.BadJSON as error:
        raise RefusedError(Refusal("bad_json", {"body": [str(error)]})) from error
    if not isinstance(value, dict):
        text = "The body must be a JSON object."
        raise RefusedError(Refusal("bad_json", {"body": [text]}))
    return value


def _is_plain(encoding: object) -> bool:
    return not encoding or str(encoding).strip().lower() in _PLAIN_ENCODINGS


def _is_json(content_type: object) -> bool:
    if not content_type:
        return True
    name, _, parameter = str(content_type).lower().partition(";")
    return name.strip() == "application/json" and parameter.strip() in _CHARSETS
