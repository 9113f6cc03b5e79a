"""The client of the external SMS gateway: one POST a message, every answer classed.

The contract is in docs/delivery.md. Nothing here raises for what a gateway does, and
nothing is repeated here: who calls decides what comes next.
"""

import json
import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
import msgspec
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import Connection
from django.conf import settings

from apps.common import clock
from apps.delivery import retry_after as waiting
from apps.delivery.base import always

__all__ = ["Answer", "Endpoint", "Gateway", "Outcome", "always", "configured"]

BODY_LIMIT = 65_536
EXCERPT_LENGTH = 512
CONNECT_SECONDS = 3.0
_PHONE = re.compile(r"7[0-9]{10}")
# Below what servers usually allow, so that no request goes into a closing connection.
_KEEP_ALIVE_SECONDS = 4.0
_TRY_LATER = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    }
)
_OUR_FAULT = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    }
)


class Outcome(StrEnum):
    """What an answer, or none, means for the message.

    `not_sent`: try later, nothing was accepted. `configuration`: the token, the
    address or the gateway is wrong, not the message. `unknown`: it may be accepted.
    """

    SENT = "sent"
    REJECTED = "rejected"
    PERMANENT = "permanent"
    CONFIGURATION = "configuration"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one request.

    `code` names it for people and programs: the gateway's own code, `http_503`,
    `timeout`, `cut`, `connect`, `withheld`, `garbage`.
    """

    outcome: Outcome
    http_status: int | None = None
    code: str = ""
    excerpt: str = ""
    retry_after: float | None = None
    sent_bytes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A gateway as an operator describes it."""

    url: str
    token: str = field(repr=False)
    is_idempotent: bool = True
    timeout_seconds: float = 10.0
    proxy: str = ""


def configured() -> Endpoint:
    """Return the gateway of the settings."""
    return Endpoint(
        url=settings.SMS_GATEWAY_URL,
        token=settings.SMS_GATEWAY_TOKEN,
        is_idempotent=settings.SMS_GATEWAY_IDEMPOTENT,
        timeout_seconds=settings.SMS_GATEWAY_TIMEOUT,
        proxy=settings.OUTGOING_PROXY,
    )


class _WithheldError(Exception):
    """The message may not go any more, and nothing of it has."""


@dataclass
class _Flight:
    may_write: Callable[[], bool]
    has_begun: bool = False


_flight: ContextVar[_Flight] = ContextVar("flight")


class _LastCheckRequest(ClientRequest):
    """Asks once more when the connection stands, before the first byte."""

    async def send(self, conn: Connection) -> ClientResponse:
        flight = _flight.get()
        if not flight.may_write():
            raise _WithheldError
        flight.has_begun = True
        return await super().send(conn)


class Gateway:
    """One session of kept connections; use it as `async with Gateway() as gateway`."""

    def __init__(self, endpoint: Endpoint | None = None) -> None:
        """Take the gateway of the settings unless another is given."""
        self._endpoint = endpoint or configured()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the session; connections are made when they are needed."""
        self._session = aiohttp.ClientSession(
            request_class=_LastCheckRequest,
            # How many run at once is the caller's business.
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_KEEP_ALIVE_SECONDS
            ),
            timeout=aiohttp.ClientTimeout(
                total=self._endpoint.timeout_seconds,
                connect=min(CONNECT_SECONDS, self._endpoint.timeout_seconds),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={
                "Authorization": f"Bearer {self._endpoint.token}",
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
            },
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(
        self,
        *,
        message_id: int,
        phone: str,
        text: str,
        may_write: Callable[[], bool] = always,
    ) -> Answer:
        """Send one message and class the answer; only cancelling it raises.

        may_write: asked after the connection stands and before the first byte.
        """
        if self._session is None:
            message = "Open the gateway with `async with` before sending."
            raise RuntimeError(message)
        if not _PHONE.fullmatch(phone):
            return Answer(outcome=Outcome.PERMANENT, code="phone")
        flight = _Flight(may_write)
        token = _flight.set(flight)
        try:
            return await self._post(message_id, phone=phone, text=text)
        except _WithheldError:
            return Answer(outcome=Outcome.NOT_SENT, code="withheld")
        except aiohttp.InvalidURL:
            return Answer(outcome=Outcome.CONFIGURATION, code="url")
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            return _broken(flight, error)
        finally:
            _flight.reset(token)

    async def _post(self, message_id: int, *, phone: str, text: str) -> Answer:
        assert self._session is not None  # noqa: S101  (send has looked)
        request = self._session.post(
            f"{self._endpoint.url.rstrip('/')}/v1/send/{message_id}",
            data=msgspec.json.encode(
                {"id": message_id, "phone": int(phone), "text": text}
            ),
            allow_redirects=False,
            proxy=self._endpoint.proxy or None,
        )
        async with request as response:
            body = await _limited(response.content)
            return classed(
                response.status,
                body,
                retry_after=response.headers.get("Retry-After"),
                is_idempotent=self._endpoint.is_idempotent,
            )


def classed(
    status: int,
    body: bytes | None,
    *,
    retry_after: str | None = None,
    is_idempotent: bool = True,
) -> Answer:
    """Say what a complete answer means (docs/delivery.md has the table).

    body: None when it was longer than 64 KiB.
    """
    if status == HTTPStatus.OK:
        return _classed_success(body)
    return Answer(
        outcome=_outcome(status, is_idempotent=is_idempotent),
        http_status=status,
        code=f"http_{status}",
        excerpt=_excerpt(body),
        retry_after=waiting.parsed(retry_after, now=clock.now()),
        sent_bytes=True,
    )


def _outcome(status: int, *, is_idempotent: bool) -> Outcome:
    if status in _TRY_LATER:
        return Outcome.NOT_SENT
    if status in _OUR_FAULT or 300 <= status < 400:
        return Outcome.CONFIGURATION
    if 400 <= status < 500:
        return Outcome.PERMANENT
    if status >= 500 and is_idempotent:
        return Outcome.NOT_SENT
    return Outcome.UNKNOWN


def _classed_success(body: bytes | None) -> Answer:
    code, message = _verdict(body)
    if code is None:
        outcome, said = Outcome.UNKNOWN, "garbage"
    elif code != 0:
        outcome, said = Outcome.REJECTED, str(code)
    elif message == "OK":
        outcome, said = Outcome.SENT, "0"
    else:
        outcome, said = Outcome.UNKNOWN, "garbage"
    return Answer(
        outcome=outcome,
        http_status=HTTPStatus.OK,
        code=said,
        excerpt=_excerpt(body),
        sent_bytes=True,
    )


def _verdict(body: bytes | None) -> tuple[int | None, object]:
    try:
        value = json.loads(body or b"")
    except (ValueError, RecursionError):
        return None, None
    code = value.get("code") if isinstance(value, dict) else None
    # True is an int to Python, and no code to anybody.
    return (code, value.get("message")) if type(code) is int else (None, None)


async def _limited(stream: aiohttp.StreamReader) -> bytes | None:
    """Read a body of at most 64 KiB; None when it is longer."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream.iter_any():
        size += len(chunk)
        if size > BODY_LIMIT:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _excerpt(body: bytes | None) -> str:
    if body is None:
        return "(more than 64 KiB)"
    text = body[: EXCERPT_LENGTH * 4].decode("utf-8", "replace")
    # PostgreSQL has no NUL, and nobody wants the others on a page.
    printable = "".join(each if each.isprintable() else " " for each in text)
    return printable[:EXCERPT_LENGTH]


def _broken(flight: _Flight, error: Exception) -> Answer:
    if not flight.has_begun:
        # Nothing of the message has left: no name, no connection, no TLS.
        return Answer(outcome=Outcome.NOT_SENT, code="connect", excerpt=_named(error))
    is_late = isinstance(error, TimeoutError)
    return Answer(
        outcome=Outcome.UNKNOWN,
        code="timeout" if is_late else "cut",
        excerpt=_named(error),
        sent_bytes=True,
    )


def _named(error: Exception) -> str:
    return _excerpt(f"{type(error).__name__}: {error}".encode())
