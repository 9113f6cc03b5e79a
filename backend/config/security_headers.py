"""The Content-Security-Policy of each part; the live page's view sets its own."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

HEADER = "Content-Security-Policy"
NOTHING = "default-src 'none'; frame-ancestors 'none'"
_OWN = (
    "default-src 'none'; connect-src 'self'; font-src 'self' data:; "
    "img-src 'self' data:; style-src 'self' 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; "
)
# ReDoc searches in a worker made of a blob.
DOCS = _OWN + "script-src 'self'; worker-src 'self' blob:"
# unfold's Alpine.js evaluates the expressions in its templates' attributes.
ADMIN = _OWN + "script-src 'self' 'unsafe-inline' 'unsafe-eval'"

_Next = Callable[[HttpRequest], Any]


@sync_and_async_middleware
def security_headers(get_response: _Next) -> _Next:
    """Add the policy where the view has set none."""
    if iscoroutinefunction(get_response):

        async def guarded_async(request: HttpRequest) -> HttpResponseBase:
            answer: Awaitable[HttpResponseBase] = get_response(request)
            return _guarded(request, await answer)

        return guarded_async

    def guarded(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = get_response(request)
        return _guarded(request, response)

    return guarded


def _guarded(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    # A worker's script takes its policy from its own answer: files keep none.
    if not request.path.startswith(settings.STATIC_URL):
        response.headers.setdefault(HEADER, _policy(request.path, response))
    return response


def _policy(path: str, response: HttpResponseBase) -> str:
    if not response.headers.get("Content-Type", "").startswith("text/html"):
        return NOTHING
    if path.startswith(("/admin/", "/sandbox/")):
        return ADMIN
    # The documentation, and the browsable API for staff.
    return DOCS if path.startswith(("/docs", "/redoc", "/api/")) else NOTHING
