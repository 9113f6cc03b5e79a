"""Pages of a list."""

import pytest
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.common.pagination import Pages

ROWS = list(range(250))


def page(query: str) -> tuple[Pages, list[int]]:
    pages = Pages()
    request = Request(APIRequestFactory().get(f"/x/?{query}"))
    rows = pages.paginate_queryset(ROWS, request)
    assert rows is not None
    return pages, rows


def test_gives_twenty_five_unless_asked() -> None:
    pages, rows = page("")

    assert rows == ROWS[:25]
    answer = pages.get_paginated_response(rows).data
    assert set(answer) == {"count", "next", "previous", "results"}
    assert answer["count"] == 250


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("page_size=10", 10),
        ("page_size=100", 100),
        ("page_size=101", 100),
        ("page_size=1000000", 100),
        ("page_size=0", 25),
        ("page_size=-5", 25),
        ("page_size=abc", 25),
        ("page_size=%D9%A7", 7),
    ],
)
def test_gives_at_most_a_hundred(query: str, size: int) -> None:
    _, rows = page(query)

    assert len(rows) == size


@pytest.mark.parametrize("number", ["-1", "0", "1000000000", "abc", "1.5", "9" * 999])
def test_answers_404_for_pages_that_are_none(number: str) -> None:
    with pytest.raises(NotFound):
        page(f"page={number}")
