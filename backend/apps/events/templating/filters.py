"""The filters that templates may use: each bounded in what it takes and gives.

Left out are those that decode (what was escaped would come back), those that mark a
text as safe, and those whose cost grows with the square of what they are given.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from liquid.builtin.filters import array, math, misc, string
from liquid.exceptions import FilterArgumentError, ResourceLimitError
from liquid.undefined import Undefined

RESULT_LIMIT = 65_536
ITEMS_LIMIT = 1000
LARGEST_NUMBER = 10**30
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_DIRECTIVE = re.compile("%(.)", re.DOTALL)
# What Python's strftime gives everywhere, without widths.
_DIRECTIVES = frozenset("aAbBdHIjmMpSyYzZ%")

Filter = Callable[..., Any]


def allowed() -> dict[str, Filter]:
    """Return the filters by name."""
    return {
        name: _bounded(name, function)
        for name, function in {**_TEXT, **_LISTS, **_NUMBERS, **_OTHERS}.items()
    }


def date(value: object, shown: object = "%Y-%m-%d") -> str:
    """Show a time in ISO 8601 as the format says, by the clock of its own zone."""
    moment = _moment(str(value))
    if moment is None:
        message = "date takes a time in ISO 8601, such as 2030-01-31T12:00:00Z."
        raise FilterArgumentError(message, token=None)

    def put(found: re.Match[str]) -> str:
        if found[1] not in _DIRECTIVES:
            known = " ".join(f"%{each}" for each in sorted(_DIRECTIVES))
            message = f"date does not know %{found[1]}; it knows {known}."
            raise FilterArgumentError(message, token=None)
        return moment.strftime(found[0])

    return _DIRECTIVE.sub(put, str(shown)[:200])


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
        day = None if moment else parse_date(text)
    except ValueError:
        return None
    if day is not None:
        return datetime(day.year, day.month, day.day)  # noqa: DTZ001  (a day has none)
    return moment


def _bounded(name: str, function: Filter) -> Filter:
    takes_environment = getattr(function, "with_environment", False)

    @wraps(function)
    def bounded(value: Any, *args: Any, context: Any, **options: Any) -> Any:
        given = [value, *args, *options.values()]
        context.spend(sum(_size(each) for each in given))
        if name in _NUMBERS:
            value, args = _number(value), tuple(_number(each) for each in args)
        if name in {"replace", "join"}:
            _refuse_beyond(_foreseen(name, value, *args))
        if takes_environment:
            options["environment"] = context.env
        result = function(value, *args, **options)
        if isinstance(result, int | float) and abs(result) > LARGEST_NUMBER:
            message = f"{name} gives a number that is too large."
            raise ResourceLimitError(message, token=None)
        _refuse_beyond(_size(result))
        return result

    bounded.with_context = True  # type: ignore[attr-defined]  # how liquid is told
    bounded.with_environment = False  # type: ignore[attr-defined]  # as above
    return bounded


def _size(value: object) -> int:
    """Measure a value; refuse lists that are too long to be looked at."""
    # Asking what is missing for its class is an error already.
    if issubclass(type(value), Undefined):
        return 0
    if isinstance(value, str):
        return len(value.encode(errors="replace"))
    if isinstance(value, list | tuple | range):
        if len(value) > ITEMS_LIMIT:
            message = f"At most {ITEMS_LIMIT} items."
            raise ResourceLimitError(message, token=None)
        return sum(_size(each) for each in value)
    return 8


def _refuse_beyond(size: int) -> None:
    if size > RESULT_LIMIT:
        message = f"A filter gives at most {RESULT_LIMIT} bytes."
        raise ResourceLimitError(message, token=None)


def _foreseen(name: str, value: object, *args: object) -> int:
    """Foresee the size of what multiplies."""
    if name == "join":
        items = value if isinstance(value, list | tuple | range) else [value]
        return _size(items) + len(items) * _size(str(args[0]) if args else " ")
    text, sought, put = str(value), str(args[0]), str(args[1] if len(args) > 1 else "")
    # An empty text is found between all characters.
    found = text.count(sought) if sought else len(text) + 1
    return _size(text) + found * _size(put)


def _number(value: Any) -> Any:
    """Return a number of a sane size, from a number or a text that shows one."""
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            message = f"{value[:30]!r} is not a number."
            raise FilterArgumentError(message, token=None)
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = "A number is needed."
        raise FilterArgumentError(message, token=None)
    if abs(value) > LARGEST_NUMBER:
        message = "The number is too large."
        raise FilterArgumentError(message, token=None)
    return value


_TEXT: dict[str, Filter] = {
    "append": string.append,
    "capitalize": string.capitalize,
    "downcase": string.downcase,
    "escape": string.escape,
    "lstrip": string.lstrip,
    "newline_to_br": string.newline_to_br,
    "prepend": string.prepend,
    "remove": string.remove,
    "replace": string.replace,
    "replace_first": string.replace_first,
    "rstrip": string.rstrip,
    "slice": string.slice_,
    "split": string.split,
    "strip": string.strip,
    "strip_newlines": string.strip_newlines,
    "truncate": string.truncate,
    "truncatewords": string.truncatewords,
    "upcase": string.upcase,
    "url_encode": string.url_encode,
}
_LISTS: dict[str, Filter] = {
    "compact": array.compact,
    "first": array.first,
    "join": array.join,
    "last": array.last,
    "map": array.map_,
    "reverse": array.reverse,
    "sort": array.sort,
    "where": array.where,
}
_NUMBERS: dict[str, Filter] = {
    "abs": math.abs_,
    "at_least": math.at_least,
    "at_most": math.at_most,
    "ceil": math.ceil,
    "divided_by": math.divided_by,
    "floor": math.floor,
    "minus": math.minus,
    "modulo": math.modulo,
    "plus": math.plus,
    "round": math.round_,
    "times": math.times,
}
_OTHERS: dict[str, Filter] = {
    "date": date,
    "default": misc.default,
    "size": misc.size,
}
