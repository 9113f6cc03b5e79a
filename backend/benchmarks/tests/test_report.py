"""What the table calls met."""

import pytest

from benchmarks import report
from benchmarks.measuring import Measured


def row_of(**lost: int) -> str:
    rates = {"carillon": 3_000, "stock": 100}
    found = {
        ("rabbitmq", name): [Measured(rate=rate, lost=lost.get(name, 0))] * 3
        for name, rate in rates.items()
    }
    return report.table(found, None).splitlines()[-1]


def test_a_line_is_met_by_its_figures() -> None:
    assert row_of().endswith("| met |")
    assert "lost" not in row_of()


@pytest.mark.parametrize("name", ["carillon", "stock"])
def test_a_line_on_which_somebody_lost_something_is_not_met(name: str) -> None:
    row = row_of(**{name: 2})

    assert "**6 lost**" in row
    assert row.endswith("| **not met** |")
