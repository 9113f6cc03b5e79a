"""Every route of the URL table, found in the resolver and not in a list of ours."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """One route as it is written, and the methods that its view has."""

    pattern: str
    methods: tuple[str, ...]


def routes() -> list[Route]:
    """List every route outside of the admin."""
    found = {}
    for pattern, view in _walk(get_resolver().url_patterns, ""):
        if not pattern.startswith("admin/"):
            found[pattern] = Route(pattern, _methods(view))
    return list(found.values())


def admin_patterns() -> list[str]:
    """List every route of the admin."""
    walked = _walk(get_resolver().url_patterns, "")
    return [pattern for pattern, _ in walked if pattern.startswith("admin/")]


def _walk(
    patterns: list[URLPattern | URLResolver],
    prefix: str,
) -> Iterator[tuple[str, object]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, path)
        else:
            yield path, pattern.callback


def _methods(view: object) -> tuple[str, ...]:
    made_by = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if made_by is None:
        return ("GET",)
    return tuple(name for name in METHODS if hasattr(made_by, name.lower()))


def sample_path(pattern: str) -> str:
    """Fill the parameters of a route with values of their kind."""
    samples = {
        "uuid": "0193a3f2-7a3b-7c4d-8e5f-000000000000",
        "int": "424242",
        "str": "nobody",
        "path": "nothing",
    }
    path = re.sub(r"<(\w+):\w+>", lambda match: samples[match[1]], pattern)
    path = re.sub(r"\(\?P<format>[^)]*\)", "json", path)
    return "/" + path.strip("^$").replace("\\", "")
