"""Fixtures for the tests that look at a running server from outside."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.conformance.door import Deployment, Door
from tests.processes import Server
from tests.supply import SHORT_LIMITS, Running, Supply


@pytest.fixture(scope="session")
def supply(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supply]:
    """Start servers on demand; all of them end with the session."""
    supply = Supply(tmp_path_factory.mktemp("servers"))
    yield supply
    supply.stop()


@pytest.fixture
def start_server(supply: Supply) -> Iterator[Callable[..., Running]]:
    """Start servers of the embedded profile that this test alone uses and may end."""
    started: list[Server] = []

    def start(**environment: str) -> Running:
        running = supply.embedded(environment)
        started.append(running.server)
        return running

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def start_outside_server(
    supply: Supply,
    postgres_url: str,
    redis_url: str,
) -> Iterator[Callable[..., Running]]:
    """Start servers on PostgreSQL and Redis that this test alone uses and may end."""
    started: list[Server] = []

    def start(**environment: str) -> Running:
        redis = environment.pop("REDIS_URL", redis_url)
        running = supply.outside(
            environment,
            postgres_url=postgres_url,
            redis_url=redis,
        )
        started.append(running.server)
        return running

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def embedded_running(supply: Supply) -> Running:
    """Use the embedded server that tests share; nobody may end it."""
    return supply.shared("uvicorn-sqlite", supply.embedded)


@pytest.fixture(scope="session")
def short_embedded_running(supply: Supply) -> Running:
    """Use the shared embedded server with shortened limits."""
    start = partial(supply.embedded, SHORT_LIMITS)
    return supply.shared("uvicorn-sqlite-short", start)


@pytest.fixture
def enter() -> Iterator[Callable[[Deployment], Door]]:
    """Make doors to deployments; the sockets opened through them are closed."""
    doors: list[Door] = []

    def make(deployment: Deployment) -> Door:
        doors.append(Door(deployment))
        return doors[-1]

    yield make
    for door in doors:
        door.leave()
