"""What the tests of all applications share: a clock to move."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from apps.common import clock

BEGIN = datetime(2030, 1, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def moment() -> Iterator[time_machine.Traveller]:
    """Stop the clock; the test moves it."""
    clock.forget()
    with time_machine.travel(BEGIN, tick=False) as coordinates:
        yield coordinates
    clock.forget()
