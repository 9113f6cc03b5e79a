"""What the tests of this app share: a server that may answer wrongly."""

from collections.abc import Iterator

import pytest

from apps.delivery.tests.faulty_server import FaultyServer


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """Return a server that answers 200 until it is told otherwise."""
    with FaultyServer() as running:
        yield running
