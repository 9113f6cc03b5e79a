"""A POST of JSON to an address of the user, signed as Standard Webhooks say.

Source: https://github.com/standard-webhooks/standard-webhooks
"""

import base64
import hashlib
import hmac
import json

from django.conf import settings

from apps.accounts.models import User
from apps.common import clock
from apps.delivery import channels, http
from apps.delivery.base import DeliveryError, Parcel, Receipt

NAME = "webhook"
CONCURRENCY = 10
_GONE = 410
_PATIENT = frozenset({408, 425, 429})


def off_reason() -> str:
    """Need nothing."""
    return ""


def on_unknown() -> str:
    """Repeat: the receiver knows `webhook-id` again."""
    return "retry"


def address_of(user: User) -> str:
    """Return the profile's address under `webhook`."""
    return channels.profile_address(user, NAME)


def is_address(text: str) -> bool:
    """Accept https to the open internet, and hosts that an operator named."""
    return http.url_error(text) is None


def send(parcel: Parcel) -> Receipt:
    """Post one message.

    Raises: DeliveryError.
    """
    body = _body(parcel)
    try:
        reply = http.post(parcel.address, body, headers=signed_headers(parcel, body))
    except http.NoReplyError as error:
        raise DeliveryError(
            f"No answer: {error.code}.",
            permanent=error.code in {"url", "address"},
            unknown=error.has_begun,
            not_sent=not error.has_begun,
        ) from error
    said = (reply.body or b"")[:500].decode("utf-8", "replace")
    if 200 <= reply.status < 300:
        return Receipt(f"{reply.status} {said}".strip())
    is_refused = 300 <= reply.status < 500 and reply.status not in _PATIENT
    raise DeliveryError(
        f"The receiver answered {reply.status}.",
        permanent=is_refused,
        retry_after=reply.retry_after,
        is_gone=reply.status == _GONE,
        provider_response=said,
    )


def signed_headers(parcel: Parcel, body: bytes) -> dict[str, str]:
    """Say who it is from, when, and that nobody has changed it."""
    message_id = f"msg_{parcel.key}.{parcel.round}"
    moment = str(int(clock.now().timestamp()))
    signed = f"{message_id}.{moment}.".encode() + body
    digest = hmac.new(_secret(), signed, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _secret() -> bytes:
    """Return the key: base64 after `whsec_`, or a text as it is."""
    text: str = settings.WEBHOOK_SECRET
    if text.startswith("whsec_"):
        return base64.b64decode(text.removeprefix("whsec_"))
    return text.encode()


def _body(parcel: Parcel) -> bytes:
    content = parcel.content
    head = json.dumps(
        {
            "type": f"notification.{parcel.kind}",
            "timestamp": parcel.created_at,
            "data": {
                "key": parcel.key,
                "severity": parcel.severity,
                "title": content.subject,
                "text": content.text,
            },
        },
        ensure_ascii=False,
    )
    if not content.payload:
        return head.encode()
    # The payload goes as the text that came in: parsing it would reorder and round.
    return f'{head[:-2]}, "payload": {content.payload}}}}}'.encode()
