"""Which requests are refused for how they are written, before anything reads them."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

URL_LIMIT = 8 * 1024


@dataclass(frozen=True)
class Refusal:
    """An answer in the project's error format."""

    status: HTTPStatus
    code: str
    detail: str


def first_refusal(scope: dict[str, Any]) -> Refusal | None:
    """Say why this request is refused, if it is."""
    hosts = sum(1 for name, _ in scope["headers"] if name == b"host")
    if hosts > 1:
        return _bad("two_hosts", "The request has more than one Host header.")
    if scope["method"] in {"TRACE", "TRACK", "CONNECT"}:
        status = HTTPStatus.METHOD_NOT_ALLOWED
        return Refusal(status, "method_not_allowed", "This method is not allowed.")
    raw_path = scope.get("raw_path") or scope["path"].encode()
    query = scope["query_string"]
    if len(raw_path) + len(query) > URL_LIMIT:
        status = HTTPStatus.REQUEST_URI_TOO_LONG
        return Refusal(status, "url_too_long", "The URL is longer than 8 KiB.")
    # PostgreSQL has no NUL character; no filter or search can mean it.
    if "\x00" in scope["path"] or b"%00" in query or b"\x00" in query:
        return _bad("nul_character", "The URL has a NUL character.")
    return None


def _bad(code: str, detail: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, code, detail)
