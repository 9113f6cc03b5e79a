"""From the body of a message to a notification, by the rules of the HTTP API."""

import json
from collections.abc import Sequence
from typing import Any

from apps.notifications import entries, policy
from apps.notifications.entries import Entry, Refusal
from apps.notifications.policy import Draft, DraftError
from apps.notifications.serializers import SendRequest
from consumers import envelope
from consumers.envelope import RefusedError
from consumers.messages import Incoming


def drafts(messages: Sequence[Incoming]) -> list[Draft | Refusal]:
    """Translate messages; all recipients are found in one query."""
    return entries.with_recipients([_entry_or_refusal(each) for each in messages])


def _entry_or_refusal(message: Incoming) -> Entry | Refusal:
    refusal = envelope.refusal(message)
    if refusal is not None:
        return refusal
    try:
        return _entry(message)
    except RefusedError as error:
        return error.refusal


def _entry(message: Incoming) -> Entry:
    value = envelope.parsed(message.body)
    source = f"amqp:{message.source.strip('/')}"[: policy.SOURCE_LENGTH]
    entry = entries.plain(message.body, source=source)
    if entry is not None:
        return entry
    try:
        return entries.checked(_checked(value), message.body, source=source)
    except DraftError as error:
        raise RefusedError(_said(error)) from error


def _checked(value: dict[str, Any]) -> dict[str, Any]:
    request = SendRequest(data=value)
    if not request.is_valid():
        # Through JSON, since the errors are texts of DRF's own kind.
        errors = json.loads(json.dumps(request.errors))
        raise RefusedError(Refusal("invalid", _bounded(errors)))
    checked: dict[str, Any] = request.validated_data
    return checked


def _bounded(errors: dict[str, list[str]]) -> dict[str, list[str]]:
    """Keep ten fields: their names come from the publisher."""
    return {field[:64]: texts for field, texts in list(errors.items())[:10]}


def _said(error: DraftError) -> Refusal:
    is_late = error.errors == {"expires_at": ["Must be in the future."]}
    # A message that waited too long in the queue is no mistake of its publisher.
    return Refusal("expired" if is_late else error.code, error.errors)
