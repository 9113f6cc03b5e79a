"""Telegram's Bot API, sendMessage (https://core.telegram.org/bots/api)."""

import json
import re
from http import HTTPStatus
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.delivery import http, retry_after
from apps.delivery.base import DeliveryError, Parcel, Receipt
from apps.delivery.http import Reply

NAME = "telegram"
CONCURRENCY = 5
TEXT_LENGTH = 4096
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{5,32}")
_HEADERS = {"Content-Type": "application/json"}


def off_reason() -> str:
    """Ask for the bot's token."""
    if settings.TELEGRAM_BOT_TOKEN:
        return ""
    return "Telegram is off; set TELEGRAM_BOT_TOKEN."


def on_unknown() -> str:
    """Hold: Telegram has no id of ours to know a repetition by."""
    return "hold"


def address_of(user: User) -> str:
    """Return the chat of the profile."""
    profile = getattr(user, "profile", None)
    return str(profile.telegram_chat_id) if profile is not None else ""


def is_address(text: str) -> bool:
    """Accept a numeric chat id, or @name of a channel."""
    return _CHAT.fullmatch(text) is not None


def send(parcel: Parcel) -> Receipt:
    """Send one message.

    Raises: DeliveryError.
    """
    url = f"{settings.TELEGRAM_API_URL}/bot{settings.TELEGRAM_BOT_TOKEN}/sendMessage"
    body = json.dumps({"chat_id": parcel.address, "text": _text(parcel)}).encode()
    try:
        reply = http.post(url, body, headers=_HEADERS, is_trusted=True)
    except http.NoReplyError as error:
        # The token is a part of the URL, so no text of the error is kept.
        message = f"No answer from Telegram: {error.code}."
        raise DeliveryError(
            message,
            unknown=error.has_begun,
            not_sent=not error.has_begun,
        ) from None
    answer = _parsed(reply)
    if reply.status == HTTPStatus.OK and answer.get("ok") is True:
        return Receipt(f"message {_message_id(answer)}")
    raise _error(reply, answer)


def _text(parcel: Parcel) -> str:
    content = parcel.content
    parts = [part for part in (content.subject, content.text) if part]
    return "\n\n".join(dict.fromkeys(parts))[:TEXT_LENGTH]


def _parsed(reply: Reply) -> dict[str, Any]:
    try:
        value = json.loads(reply.body or b"")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _message_id(answer: dict[str, Any]) -> object:
    result = answer.get("result")
    return result.get("message_id", "") if isinstance(result, dict) else ""


def _error(reply: Reply, answer: dict[str, Any]) -> DeliveryError:
    status = reply.status
    # 401 and 404 are about the token: the path holds nothing else.
    is_ours = status in {401, 404} or 300 <= status < 400
    return DeliveryError(
        f"Telegram answered {status}.",
        permanent=400 <= status < 500 and status != 429 and not is_ours,
        retry_after=_patience(reply, answer),
        unknown=200 <= status < 300,
        configuration=is_ours,
        provider_response=str(answer.get("description", ""))[:200],
    )


def _patience(reply: Reply, answer: dict[str, Any]) -> float | None:
    """Return what Telegram asks for in its body, or else in the header."""
    parameters = answer.get("parameters")
    asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if type(asked) is int and asked >= 0:
        return min(float(asked), retry_after.LONGEST_SECONDS)
    return reply.retry_after
