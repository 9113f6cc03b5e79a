"""Outgoing HTTP: bounded in time and size, never redirected, careful with strangers.

Addresses from the environment are trusted as they are. Addresses from data (webhooks,
attachments) must be https and must not lead into a private network; what is connected
to is the very address that was checked (docs/delivery.md).
"""

import asyncio
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_reqrep import ClientRequest, ClientResponse
from aiohttp.connector import Connection
from django.conf import settings

from apps.common import clock
from apps.delivery import addresses, loop_thread, retry_after

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
BODY_LIMIT = 65_536
_KEEP_ALIVE_SECONDS = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A complete answer; `body` is None when it was longer than the limit."""

    status: int
    body: bytes | None
    headers: Mapping[str, str]
    retry_after: float | None = None


class NoReplyError(Exception):
    """There was no complete answer.

    `code`: `connect`, `timeout`, `cut`, `url` or `address` (it leads into a private
    network). `has_begun`: the request was, at least in part, written.
    """

    def __init__(self, code: str, detail: str, *, has_begun: bool) -> None:
        """Keep what is known."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.has_begun = has_begun


class _PrivateAddressError(OSError):
    """The name led to an address that strangers may not reach through us."""


@dataclass
class _Flight:
    has_begun: bool = False
    is_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    method: str
    url: str
    body: bytes | None
    headers: Mapping[str, str]
    is_trusted: bool
    limit: int
    seconds: float


@dataclass
class _Sessions:
    trusted: aiohttp.ClientSession
    guarded: aiohttp.ClientSession


_flight: ContextVar[_Flight] = ContextVar("flight")
_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, _Sessions] = WeakKeyDictionary()


class _NotedRequest(ClientRequest):
    """Notes that the first byte is about to leave."""

    async def send(self, conn: Connection) -> ClientResponse:
        _flight.get().has_begun = True
        return await super().send(conn)


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    is_trusted: bool = False,
) -> Reply:
    """Post a body and return the answer, whatever its status is.

    is_trusted: the address comes from the environment, not from data.
    Raises: NoReplyError.
    """
    return _made(
        _Call(
            method="POST",
            url=url,
            body=body,
            headers=headers,
            is_trusted=is_trusted,
            limit=BODY_LIMIT,
            seconds=TOTAL_SECONDS,
        )
    )


def get(url: str, *, limit: int) -> Reply:
    """Fetch what data points to, up to `limit` bytes.

    Raises: NoReplyError.
    """
    return _made(
        _Call(
            method="GET",
            url=url,
            body=None,
            headers={},
            is_trusted=False,
            limit=limit,
            seconds=TOTAL_SECONDS,
        )
    )


def is_allowed(url: str) -> bool:
    """Say whether an operator named this URL's host as reachable for data."""
    try:
        return (urlsplit(url).hostname or "") in settings.OUTGOING_ALLOWED_HOSTS
    except ValueError:
        return False


def url_error(url: str) -> str | None:
    """Say what is wrong with a URL from data; nothing where its host is allowed."""
    return None if is_allowed(url) else addresses.url_error(url)


def _made(call: _Call) -> Reply:
    error = None if call.is_trusted else url_error(call.url)
    if error:
        raise NoReplyError("url", error, has_begun=False)
    return loop_thread.run(_replied(call))


async def _replied(call: _Call) -> Reply:
    flight = _Flight()
    _flight.set(flight)
    try:
        return await _exchanged(call)
    except aiohttp.InvalidURL as error:
        raise NoReplyError("url", "This is no URL.", has_begun=False) from error
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise NoReplyError(
            _code(flight, error),
            type(error).__name__,
            has_begun=flight.has_begun,
        ) from error


def _code(flight: _Flight, error: Exception) -> str:
    if flight.is_private:
        return "address"
    if not flight.has_begun:
        return "connect"
    return "timeout" if isinstance(error, TimeoutError) else "cut"


async def _exchanged(call: _Call) -> Reply:
    sessions = _open_sessions()
    is_free = call.is_trusted or is_allowed(call.url)
    session = sessions.trusted if is_free else sessions.guarded
    request = session.request(
        call.method,
        call.url,
        data=call.body,
        headers=call.headers,
        allow_redirects=False,
        proxy=settings.OUTGOING_PROXY or None,
        timeout=aiohttp.ClientTimeout(
            total=call.seconds,
            connect=min(CONNECT_SECONDS, call.seconds),
        ),
    )
    async with request as response:
        return Reply(
            status=response.status,
            body=await limited(response.content, call.limit),
            headers={name.lower(): text for name, text in response.headers.items()},
            retry_after=retry_after.parsed(
                response.headers.get("Retry-After"), now=clock.now()
            ),
        )


async def limited(stream: aiohttp.StreamReader, limit: int) -> bytes | None:
    """Read a body of at most `limit` bytes; None when it is longer."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in stream.iter_any():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _open_sessions() -> _Sessions:
    running = asyncio.get_running_loop()
    if running not in _sessions:
        # A proxy resolves names itself, so the guard would see the proxy alone.
        guard = None if settings.OUTGOING_PROXY else _guarded_socket
        loop_thread.at_exit(_close)
        _sessions[running] = _Sessions(
            trusted=_session(aiohttp.TCPConnector(**_LIMITS)),
            guarded=_session(aiohttp.TCPConnector(socket_factory=guard, **_LIMITS)),
        )
    return _sessions[running]


async def _close() -> None:
    sessions = _sessions.pop(asyncio.get_running_loop())
    await sessions.trusted.close()
    await sessions.guarded.close()


_LIMITS: dict[str, Any] = {"limit": 0, "keepalive_timeout": _KEEP_ALIVE_SECONDS}


def _session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        request_class=_NotedRequest,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "Carillon"},
    )


def _guarded_socket(info: Any) -> socket.socket:
    family, kind, protocol, _, address = info
    if not addresses.is_public(address[0]):
        _flight.get().is_private = True
        raise _PrivateAddressError(address[0])
    return socket.socket(family=family, type=kind, proto=protocol)
