"""A message as the rest of this package sees it, without RabbitMQ's client."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

BODY_LIMIT_BYTES = 1_048_576
# What is kept of a larger body; only people look at it.
KEPT_BYTES = 16_384
HEADERS_LIMIT_BYTES = 16_384

SEND = "notifications.send"
EVENTS = "events.send"
RESULT = "notifications.result"
DEAD = "notifications.dead"

# Headers that we write.
REASON = "x-reason"
DETAIL = "x-detail"
FIRST_SEEN = "x-first-seen"
ORIGINAL_ID = "x-message-id"
ORIGINAL_KEY = "x-routing-key"
ORIGINAL_SOURCE = "x-source"
BODY_SIZE = "x-body-size"
DEAD_LETTER = "x-dead-letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One delivery.

    key: of the queue that it came from.
    generation: of the channel; a delivery of an older one cannot be acknowledged.
    properties: what the publisher gave, not looked at; a text that is not UTF-8
    arrives as bytes.
    """

    tag: int
    generation: int
    is_dead: bool
    is_redelivered: bool
    body: bytes
    body_size: int
    key: str = SEND
    headers: Mapping[str, Any] = field(default_factory=dict)
    headers_size: int = 0
    message_id: object = None
    correlation_id: object = None
    reply_to: object = None
    content_type: object = None
    content_encoding: object = None
    app_id: object = None
    user_id: object = None

    @property
    def source(self) -> str:
        """Say who published it: RabbitMQ vouches for the user, nobody for the app."""
        return f"{storable(self.user_id)}/{storable(self.app_id)}"

    @property
    def given_id(self) -> str:
        """Return the publisher's message id, empty for none or an impossible one."""
        return storable(self.message_id)

    @property
    def body_hash(self) -> str:
        """Sum up body and publisher, for a message without an id."""
        digest = hashlib.sha256(self.source.encode())
        digest.update(b"\0")
        digest.update(self.body)
        return digest.hexdigest()

    def bare(self) -> "Incoming":
        """Return a dead message without what its headers say, for when they do harm."""
        if not self.is_dead:
            return self
        return replace(self, headers={}, headers_size=0)

    @property
    def wants_result(self) -> bool:
        """Say whether somebody waits for the result."""
        return bool(self.correlation_id or self.reply_to)


def original_key(headers: Mapping[str, Any]) -> str:
    """Return the key that a dead letter first had, as we or the broker noted it."""
    noted = storable(headers.get(ORIGINAL_KEY))
    queue = storable(headers.get("x-first-death-queue"))
    return EVENTS if EVENTS in {noted, queue[-len(EVENTS) :]} else SEND


def storable(value: object) -> str:
    """Return a property that the database can keep, or an empty text."""
    return value if isinstance(value, str) and is_printable(value) else ""


def is_printable(value: object) -> bool:
    """Say whether a property is a text without control characters."""
    return isinstance(value, str) and value.isprintable()
