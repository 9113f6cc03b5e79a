"""The sandbox's doors for programs: the SMS gateway of docs/delivery.md, and mail.

They stand in front of Django, so that an answer can also be late, torn or missing.
"""

import asyncio
import hmac
import json
import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any

from django.conf import settings

from apps.common import clock
from apps.sandbox.store import Arrival, Kind, Manner, store

SLOW_SECONDS = 5.0
BUSY_SECONDS = 5
TEXT_LIMIT = 100_000
_SMS = re.compile(r"/sandbox/sms/v1/send/([0-9]{1,19})")
_MAIL = "/sandbox/mail/"
_PHONE_LIMITS = (70_000_000_000, 79_999_999_999)

Scope = Any
Message = MutableMapping[str, Any]


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    is_torn: bool = False


def _json(status: int, code: int, message: str, **headers: str) -> _Answer:
    body = json.dumps({"code": code, "message": message}).encode()
    return _Answer(
        status,
        body,
        (
            (b"content-type", b"application/json"),
            *((name.encode(), text.encode()) for name, text in headers.items()),
        ),
    )


_MANNERS = {
    Manner.ERROR: _json(500, 5, "The sandbox was told to be broken."),
    Manner.BUSY: _Answer(429, b"", ((b"retry-after", str(BUSY_SECONDS).encode()),)),
    Manner.GARBAGE: _Answer(200, b"<html><body>Sorry!</body></html>"),
    Manner.REFUSED: _json(200, 1, "The sandbox was told to refuse."),
    Manner.UNAUTHORIZED: _json(401, 4, "The sandbox was told not to know you."),
    Manner.AWAY: _Answer(200, b'{"code"', is_torn=True),
}


class Sandbox:
    """An ASGI application in front of another."""

    def __init__(self, app: Any) -> None:
        """Keep the application that serves the rest."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        is_ours = scope["type"] == "http" and scope["method"] == "POST"
        sms = _SMS.fullmatch(path) if is_ours else None
        if sms is None and not (is_ours and path == _MAIL):
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if not _is_known(dict(scope["headers"])):
            answer = _json(401, 4, "The token is wrong.")
        elif sms is not None:
            answer = await _in_manner(Kind.SMS, _sms_arrival(sms[1], body))
        else:
            answer = await _in_manner(Kind.EMAIL, _mail_arrival(scope, body))
        await _say(send, answer)


async def _in_manner(kind: Kind, arrival: Arrival | None) -> _Answer:
    if arrival is None:
        return _json(HTTPStatus.BAD_REQUEST, 2, "The message is not as it must be.")
    manner = store.manner(kind)
    if manner in _MANNERS:
        return _MANNERS[manner]
    if manner is Manner.SLOW:
        await asyncio.sleep(SLOW_SECONDS)
    store.take(arrival)
    return _json(HTTPStatus.OK, 0, "OK")


def _sms_arrival(message_id: str, body: bytes) -> Arrival | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or set(said) != {"id", "phone", "text"}:
        return None
    phone, text = said["phone"], said["text"]
    least, most = _PHONE_LIMITS
    is_right = (
        said["id"] == int(message_id)
        and type(phone) is int
        and least <= phone <= most
        and isinstance(text, str)
    )
    if not is_right:
        return None
    return Arrival(
        kind=Kind.SMS,
        id=message_id,
        address=str(phone),
        text=text[:TEXT_LIMIT],
        at=clock.now(),
    )


def _mail_arrival(scope: Scope, body: bytes) -> Arrival | None:
    headers = dict(scope["headers"])
    message = message_from_bytes(body, policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101  (what the policy makes)
    return Arrival(
        kind=Kind.EMAIL,
        id=str(message["Message-ID"] or ""),
        address=headers.get(b"x-envelope-to", b"").decode("latin-1"),
        subject=str(message["Subject"] or ""),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        at=clock.now(),
    )


def _part(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    return "" if part is None else str(part.get_content())[:TEXT_LIMIT]


def _is_known(headers: dict[bytes, bytes]) -> bool:
    given = headers.get(b"authorization", b"")
    expected = f"Bearer {settings.SANDBOX_TOKEN}".encode()
    return hmac.compare_digest(given, expected)


async def _body(receive: Any) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _say(send: Any, answer: _Answer) -> None:
    length = len(answer.body) + (1000 if answer.is_torn else 0)
    headers = [*answer.headers, (b"content-length", str(length).encode())]
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": headers}
    )
    await send(
        {
            "type": "http.response.body",
            "body": answer.body,
            # The server closes a connection whose answer never ends.
            "more_body": answer.is_torn,
        }
    )
