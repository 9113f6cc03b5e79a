"""JSON as Carillon accepts it: RFC 8259, less what breaks databases and browsers."""

import json
import re
from typing import Any

MAX_DEPTH = 32
_SURROGATE = re.compile("[\ud800-\udfff]")


class BadJSON(ValueError):  # noqa: N818  (reads as what happened)
    """The text is not JSON, or is JSON that we refuse; the message says why."""


def parse(data: bytes | str, *, max_depth: int = MAX_DEPTH) -> Any:
    """Parse JSON text.

    Raises: BadJSON for bad UTF-8, a byte order mark, NaN and Infinity, numbers beyond
    a double or of more than 4,300 digits, NUL characters, lone surrogates, duplicate
    keys, and nesting deeper than `max_depth`.
    """
    text = _text(data)
    _check_depth(text, max_depth)
    try:
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_unique_keys,
        )
    except BadJSON:
        raise
    except (ValueError, RecursionError) as error:
        message = "The body is not valid JSON."
        raise BadJSON(message) from error
    if "\\u" in text or "\x00" in text:
        _check_characters(value)
    return value


def _text(data: bytes | str) -> str:
    if isinstance(data, str):
        text = data
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"The body is not UTF-8 (byte {error.start})."
            raise BadJSON(message) from error
    if text.startswith("\ufeff"):
        message = "The body starts with a byte order mark."
        raise BadJSON(message)
    if _SURROGATE.search(text):
        message = "The body has a lone surrogate."
        raise BadJSON(message)
    return text


# Possessive, and the closing quote optional: a text of escaped quotes without an end
# would otherwise be scanned again from each of them.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _check_depth(text: str, max_depth: int) -> None:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        piece = match.group()
        if piece in "[{":
            depth += 1
            if depth > max_depth:
                message = f"The body is nested deeper than {max_depth} levels."
                raise BadJSON(message)
        elif piece in "]}":
            depth -= 1


def _refuse_constant(name: str) -> Any:
    message = f"{name} is not JSON."
    raise BadJSON(message)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        message = "A number is out of range."
        raise BadJSON(message)
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        message = "An object has the same key twice."
        raise BadJSON(message)
    return result


def _check_characters(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or _SURROGATE.search(value):
            message = "A text has a NUL character or a lone surrogate."
            raise BadJSON(message)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_characters(key)
            _check_characters(item)
    elif isinstance(value, list):
        for item in value:
            _check_characters(item)
