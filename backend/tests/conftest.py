"""Fixtures for the tests that look at a running server from outside."""

import inspect
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.conformance.client import HintLostError
from tests.conformance.door import Deployment, Door
from tests.processes import Server
from tests.supply import Running, Supply
from tooling.services.ports import free_port

supplies_key = pytest.StashKey[list[Supply]]()
DIST = Path(__file__).resolve().parents[2] / "frontend" / "dist"


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(
    pyfuncitem: pytest.Function,
) -> Generator[None, object, object]:
    """Run a test once more that lost a hint: a machine that stalls may lose one.

    Who loses them always is told so by the second time.
    """
    try:
        return (yield)
    except HintLostError:
        names = inspect.signature(pyfuncitem.obj).parameters
        pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
        return True


@pytest.fixture(scope="session")
def supply(
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Supply]:
    """Start servers on demand; none outlives the tests of its folder."""
    supply = Supply(tmp_path_factory.mktemp("servers"))
    # Whoever imports this fixture has a supply of their own beside it.
    pytestconfig.stash.setdefault(supplies_key, []).append(supply)
    yield supply
    supply.stop()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End a folder's servers after its last test: idle, they would slow the others."""
    if nextitem is None or nextitem.path.parent != item.path.parent:
        for supply in item.config.stash.get(supplies_key, []):
            supply.end_servers()


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


@pytest.fixture
def embedded_running(supply: Supply) -> Running:
    """Use the embedded server that tests share; nobody may end it."""
    return supply.shared("uvicorn-sqlite", supply.embedded)


@pytest.fixture(scope="session")
def built_page() -> None:
    """Refuse to look at a page that is not there."""
    built = {path.name for path in DIST.iterdir()} if DIST.is_dir() else set()
    if not built >= {".vite", "carillon-inbox.js"}:
        pytest.fail("The live page is not built: run `make frontend`.", pytrace=False)


@pytest.fixture(scope="session")
def host_port() -> int:
    """Say the port of the one other site that may show the inbox."""
    return free_port()


@pytest.fixture
def site(supply: Supply, built_page: None, host_port: int) -> Deployment:
    """Use the server that tests with a browser share; nobody may end it."""
    origin = f"http://127.0.0.1:{host_port}"
    environment = {
        "EXTRA_APPS": "",
        "WS_ALLOWED_ORIGINS": origin,
        "CORS_ALLOWED_ORIGINS": origin,
        "LOG_LEVEL": "info",
    }
    start = partial(supply.embedded, environment)
    return supply.shared("browser", start).deployment


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
