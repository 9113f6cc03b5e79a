"""Fixtures for listening at a real RabbitMQ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.conftest import wall_clock
from consumers.tests.station import (
    Station,
    drop_database,
    new_database,
    prepared_database,
)
from tests.conftest import enter, start_outside_server, start_server, supply

__all__ = ["enter", "start_outside_server", "start_server", "supply", "wall_clock"]


@pytest.fixture(scope="session")
def prepared(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make the database that each station copies."""
    return prepared_database(postgres_url, tmp_path_factory.mktemp("prepared"))


@pytest.fixture
def station(
    postgres_url: str,
    rabbitmq_url: str,
    prepared: str,
    tmp_path: Path,
) -> Iterator[Station]:
    """Give a test a database and names of its own."""
    url = new_database(postgres_url, template=prepared)
    station = Station(url, rabbitmq_url, tmp_path)
    yield station
    station.close()
    drop_database(postgres_url, url)
