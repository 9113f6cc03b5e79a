"""Whoever sends an event may be killed anywhere: each is told once by each channel."""

import json
from typing import Any

import pytest

from tests.processes import manage
from tests.supply import Supply

_RUN = "from tests.faults import event_sends; event_sends.main()"
WHOLE = {
    "lost": 0,
    "doubled": 0,
    "status": "done",
    "uncounted": 0,
    "skipped": 0,
    "notifications_beside": 0,
    "deliveries_beside": 0,
    "parts": 0,
    "gaps": 0,
}


def check(environment: dict[str, str]) -> None:
    """Run the scenarios and judge what came of them."""
    printed = manage(environment, "shell", "-v", "0", "-c", _RUN)
    found: dict[str, dict[str, Any]] = json.loads(printed.splitlines()[-1])
    kills = {name: each.pop("kills") for name, each in found.items()}

    assert found["before_each_statement"] == WHOLE
    ledgers = found["at_any_moment"]["ledgers"]
    assert ledgers == [WHOLE] * len(ledgers)
    assert found["call"] == {"sends": 1, "told": 10, "wanted": 10}
    assert found["message"] == {"sends": 1, "told": 100, "wanted": 100, "results": 1}
    # A chunk of 40 takes more than ten statements, a call and a message some as well.
    assert kills["before_each_statement"] > 10
    assert kills["call"] > 10
    assert kills["message"] > 5


@pytest.mark.slow
def test_e07_whoever_is_killed_loses_and_doubles_nothing_on_sqlite(
    supply: Supply,
) -> None:
    check(supply.data())


@pytest.mark.services
def test_e07_whoever_is_killed_loses_and_doubles_nothing_on_postgresql(
    supply: Supply, postgres_url: str
) -> None:
    check(supply.data(postgres_url=postgres_url))
