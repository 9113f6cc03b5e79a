"""What waits to be done; apps say in `AppConfig.ready` what that is with them."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

# Nobody needs to know it more exactly, and counting takes time.
COUNTED_AT_MOST = 100_000

_watched: dict[str, Callable[[], "QuerySet[Any]"]] = {}


def watch(what: str, rows: Callable[[], "QuerySet[Any]"]) -> None:
    """Have the rows counted that wait; an index should find them."""
    _watched[what] = rows


def counted() -> dict[str, float]:
    """Count what waits, by its name."""
    return {
        what: float(rows()[:COUNTED_AT_MOST].count()) for what, rows in _watched.items()
    }
