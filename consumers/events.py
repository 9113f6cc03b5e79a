"""From the body of a message to an event that is sent, by the rules of the HTTP API."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from apps.events import selectors, sends
from apps.events.models import EventSend
from apps.events.send_serializers import SendEventBody
from apps.events.sends import Prepared, SendError
from apps.notifications import policy
from apps.notifications.entries import Refusal
from consumers import envelope
from consumers.envelope import RefusedError
from consumers.messages import Incoming

_ERRORS_AT_MOST = 50
_NO_EVENT = Refusal("event_not_found", {"event_id": ["There is no such event."]})


@dataclass(frozen=True)
class Ready:
    """An event that is right to be sent, and by whom."""

    prepared: Prepared
    source: str

    def queue(self) -> EventSend:
        """Store it for a worker, in the caller's transaction."""
        return sends.queue(self.prepared, source=self.source)


def ready(messages: Sequence[Incoming]) -> list[Ready | Refusal]:
    """Translate messages."""
    return [_ready_or_refusal(each) for each in messages]


def _ready_or_refusal(message: Incoming) -> Ready | Refusal:
    refusal = envelope.refusal(message)
    if refusal is not None:
        return refusal
    try:
        return _ready(message)
    except RefusedError as error:
        return error.refusal
    except SendError as error:
        return _invalid(error.flat())


def _ready(message: Incoming) -> Ready:
    said = envelope.parsed(message.body)
    event_id = said.pop("event_id", None)
    if type(event_id) is not int or not 0 < event_id <= policy.LARGEST_ID:
        text = "Must be the id of an event: a whole number above 0."
        raise RefusedError(Refusal("invalid", {"event_id": [text]}))
    body = SendEventBody(data=said)
    if not body.is_valid():
        # Through JSON, since the errors are texts of DRF's own kind.
        errors = json.loads(json.dumps(body.errors))
        raise RefusedError(_invalid(sends.flat(errors)))
    event = selectors.events(None).filter(pk=event_id).first()
    if event is None:
        raise RefusedError(_NO_EVENT)
    source = f"amqp:{message.source.strip('/')}"[: policy.SOURCE_LENGTH]
    return Ready(sends.prepared(event, body.parts), source)


def _invalid(errors: dict[str, list[str]]) -> Refusal:
    """Keep so many fields: their names come from the publisher."""
    some = list(errors.items())[:_ERRORS_AT_MOST]
    return Refusal("invalid", {name[:100]: texts for name, texts in some})
