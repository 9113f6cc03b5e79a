"""What Prometheus may read; each process shows its own numbers.

Other apps add their metrics to `REGISTRY`.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

REQUESTS = Counter(
    "carillon_http_requests",
    "HTTP requests answered.",
    ["route", "method", "status"],
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "carillon_http_request_seconds",
    "Time from a complete request to its answer.",
    ["route", "method"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
    registry=REGISTRY,
)
ABANDONED_REQUESTS = Gauge(
    "carillon_http_abandoned_requests",
    "Requests answered with 503 whose work has not ended yet.",
    registry=REGISTRY,
)
DATABASE_ANSWERING = Gauge(
    "carillon_database_answering",
    "1 while the database answers the watchdog.",
    registry=REGISTRY,
)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_Next = Callable[[HttpRequest], Any]


def count_refusal(method: str, status: int) -> None:
    """Count a request that was answered before Django saw it."""
    REQUESTS.labels("edge", _known(method), str(int(status))).inc()


def count_answer(route: str, method: str, status: int, *, began: float) -> None:
    """Count and time a request that was answered without Django.

    began: the value of `time.perf_counter` when it began.
    """
    REQUESTS.labels(route, method, str(int(status))).inc()
    REQUEST_SECONDS.labels(route, method).observe(time.perf_counter() - began)


@sync_and_async_middleware
def metrics_middleware(get_response: _Next) -> _Next:
    """Count and time every request by its route, never by its path."""
    if iscoroutinefunction(get_response):

        async def measured_async(request: HttpRequest) -> HttpResponseBase:
            began = time.perf_counter()
            answer: Awaitable[HttpResponseBase] = get_response(request)
            return _measured(request, await answer, began)

        return measured_async

    def measured(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response: HttpResponseBase = get_response(request)
        return _measured(request, response, began)

    return measured


def _measured(
    request: HttpRequest,
    response: HttpResponseBase,
    began: float,
) -> HttpResponseBase:
    match = request.resolver_match
    route = (match.view_name or match.route) if match else "none"
    method = _known(request.method or "")
    REQUESTS.labels(route, method, str(response.status_code)).inc()
    REQUEST_SECONDS.labels(route, method).observe(time.perf_counter() - began)
    return response


def _known(method: str) -> str:
    return method if method in _METHODS else "other"
