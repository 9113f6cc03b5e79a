"""The id that follows one request through answers, logs and frames."""

import re
from collections.abc import Callable
from contextvars import ContextVar

import structlog
from django.http import HttpRequest, HttpResponse

from apps.common.ids import uuid7

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Return the id of the request being served, or an empty text."""
    return _current.get()


class RequestIdMiddleware:
    """Take `X-Request-ID` where it is sane, else make one; answer with it."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve one request under its id."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _ACCEPTED.fullmatch(given) else uuid7().hex
        token = _current.set(request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        _current.reset(token)
        response["X-Request-ID"] = request_id
        return response
