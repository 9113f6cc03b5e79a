"""The id that follows one request through answers, logs and frames."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from apps.common.ids import uuid7

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Return the id of the request being served, or an empty text."""
    return _current.get()


def request_id_for(given: str) -> str:
    """Return the id that the caller gave where it is sane, else a new one."""
    return given if _ACCEPTED.fullmatch(given) else uuid7().hex


@sync_and_async_middleware
def request_id_middleware(get_response: Callable[[HttpRequest], Any]) -> Any:
    """Serve each request under its id, and answer with it."""
    if iscoroutinefunction(get_response):

        async def served_async(request: HttpRequest) -> HttpResponseBase:
            with _under_id(request) as request_id:
                response: HttpResponseBase = await get_response(request)
                response["X-Request-ID"] = request_id
                return response

        return served_async

    def served(request: HttpRequest) -> HttpResponseBase:
        with _under_id(request) as request_id:
            response: HttpResponseBase = get_response(request)
            response["X-Request-ID"] = request_id
            return response

    return served


@contextmanager
def _under_id(request: HttpRequest) -> Iterator[str]:
    request_id = request_id_for(request.headers.get("X-Request-ID", ""))
    token = _current.set(request_id)
    try:
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            yield request_id
    finally:
        _current.reset(token)
