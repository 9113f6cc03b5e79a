"""The id that follows a request."""

import re
from typing import Any

import pytest
import structlog
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from apps.common.requests import current_request_id, request_id_middleware

SEEN: list[tuple[str, Any]] = []


def view(request: HttpRequest) -> HttpResponse:
    bound = structlog.contextvars.get_contextvars().get("request_id")
    SEEN.append((current_request_id(), bound))
    return HttpResponse()


async def async_view(request: HttpRequest) -> HttpResponse:
    return view(request)


@pytest.fixture(params=["sync", "async"])
def answer(request: pytest.FixtureRequest) -> Any:
    SEEN.clear()
    if request.param == "sync":
        return request_id_middleware(view)
    return async_to_sync(request_id_middleware(async_view))


def test_takes_a_sane_id_and_answers_with_it(answer: Any) -> None:
    request = RequestFactory().get("/", headers={"X-Request-ID": "order-4711.a"})

    assert answer(request)["X-Request-ID"] == "order-4711.a"
    assert SEEN == [("order-4711.a", "order-4711.a")]


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "a b c d e f", "é" * 9, "<x>" * 4]
)
def test_makes_an_id_where_there_is_none_or_a_strange_one(
    answer: Any,
    given: str,
) -> None:
    request = RequestFactory().get("/", headers={"X-Request-ID": given})

    made = answer(request)["X-Request-ID"]

    assert re.fullmatch(r"[0-9a-f]{32}", made)
    (seen,) = SEEN
    assert seen == (made, made)


def test_the_id_ends_with_its_request(answer: Any) -> None:
    answer(RequestFactory().get("/"))

    assert current_request_id() == ""
    assert "request_id" not in structlog.contextvars.get_contextvars()
