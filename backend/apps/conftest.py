"""What the tests of all applications share: a clock to move."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from apps.common import clock

BEGIN = datetime(2030, 1, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def wall_clock() -> Iterator[None]:
    """Go by the wall clock, whatever a test of this process has synchronized."""
    clock.forget()
    yield
    clock.forget()


@pytest.fixture
def moment(wall_clock: None) -> Iterator[time_machine.Traveller]:
    """Stop the clock; the test moves it."""
    with time_machine.travel(BEGIN, tick=False) as coordinates:
        yield coordinates
