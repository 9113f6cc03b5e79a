"""The opening request: origins, subprotocols, tickets."""

from typing import Any

import pytest

from apps.realtime.handshake import origin_is_allowed, read_opening


def scope(
    *,
    subprotocols: list[str] | None = None,
    query: str = "",
    **headers: str,
) -> dict[str, Any]:
    return {
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
        "query_string": query.encode(),
        "subprotocols": subprotocols or [],
    }


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://push.example.org", True),
        ("http://PUSH.example.org", False),
        ("http://push.example.org:80", True),
        ("https://other.example.org:8443", True),
        ("null", False),
        ("", False),
        ("https://push.example.org", False),
        ("http://push.example.org:9999", False),
        ("http://push.example.org.evil.example", False),
        ("http://evil.example", False),
        ("http://other.example.org:8443", False),
        ("https://other.example.org", False),
        ("http://user@push.example.org", False),
        ("http://push.example.org/path", False),
        ("http://\u0440ush.example.org", False),
        ("http://push.example.org:port", False),
    ],
)
def test_the_origin_table(origin: str | None, allowed: bool) -> None:
    found = origin_is_allowed(
        origin,
        scheme="http",
        host="push.example.org",
        allowed=["https://other.example.org:8443"],
    )

    assert found is allowed


@pytest.mark.parametrize(
    ("offered", "answer", "is_known"),
    [
        ([], None, True),
        (["carillon.v1", "ticket.abc"], "carillon.v1", True),
        (["carillon.v2", "carillon.v1"], "carillon.v1", True),
        (["carillon.v2"], "carillon.v2", False),
        (["graphql-ws"], None, False),
        (["ticket.abc"], None, False),
    ],
)
def test_the_subprotocol_is_chosen_and_a_ticket_is_never_echoed(
    offered: list[str],
    answer: str | None,
    is_known: bool,
) -> None:
    opening = read_opening(scope(subprotocols=offered))

    assert opening.subprotocol == answer
    assert opening.version_is_known is is_known


def test_a_ticket_is_taken_from_the_subprotocols_before_the_query() -> None:
    both = read_opening(
        scope(subprotocols=["carillon.v1", "ticket.abc"], query="token=def"),
    )
    query = read_opening(scope(query="token=def&seq=1"))
    none = read_opening(scope())

    assert (both.ticket, query.ticket, none.ticket) == ("abc", "def", None)


@pytest.mark.parametrize(
    "offered",
    [[f"p{number}" for number in range(100)], ["a b"], ["ticket.a,b"], ["ü"]],
)
def test_subprotocols_that_are_no_tokens_or_too_many_are_refused(
    offered: list[str],
) -> None:
    assert not read_opening(scope(subprotocols=offered)).is_well_formed


def test_headers_are_read_without_regard_to_case() -> None:
    opening = read_opening(scope(Authorization="Token x", ORIGIN="http://a"))

    assert (opening.authorization, opening.origin) == ("Token x", "http://a")
