"""Pytest's part: where tests keep data, which services they get, in which order.

Loaded by `-p` so that it comes before pytest-django reads the settings.
"""

import os
import tempfile
import uuid
from collections.abc import Generator, Iterator
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from psycopg import sql

from tooling.failure import Failure
from tooling.services.client import Services
from tooling.services.programs import VARIABLES

FIXTURES = {
    "postgres_url": "postgresql",
    "redis_url": "redis",
    "rabbitmq_url": "rabbitmq",
    "chromium": "chromium",
    "nginx": "nginx",
    "amqp_publish": "amqp-publish",
}
services_key = pytest.StashKey[Services]()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Keep the tests away from the developer's data and `.env`."""
    folder = tempfile.TemporaryDirectory(prefix="carillon-test-")
    early_config.add_cleanup(folder.cleanup)
    os.environ.update(DATA_DIR=folder.name, READ_DOT_ENV="0")


# A busy machine is slow, not wrong: no example fails for the time it took.
hypothesis.settings.register_profile(
    "carillon",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)


def pytest_configure(config: pytest.Config) -> None:
    """Make room for services; with xdist one set of them serves every worker."""
    hypothesis.settings.load_profile("carillon")
    services = config.stash[services_key] = Services()
    config.add_cleanup(services.stop)
    is_controller = bool(config.getoption("numprocesses", None))
    if is_controller and "not services" not in config.getoption("markexpr"):
        _start(services, set(VARIABLES))


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Mark what asks for a service, and let files with browser tests come last.

    Playwright's synchronous API leaves an event loop running in the main thread. Whole
    files move, because a worker of xdist is given whole files.
    """
    for item in items:
        if _wanted(item) - {"chromium"}:
            item.add_marker("services")
    yield
    with_browser = {item.path for item in items if item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path in with_browser)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the services which the selected tests ask for, and no others."""
    wanted = {name for item in session.items for name in _wanted(item)}
    if not session.config.getoption("collectonly"):
        _start(session.config.stash[services_key], wanted)


def _wanted(item: pytest.Item) -> set[str]:
    fixtures = getattr(item, "fixturenames", ())
    return {FIXTURES[name] for name in fixtures if name in FIXTURES}


def _start(services: Services, names: set[str]) -> None:
    try:
        services.start(sorted(names))
    except Failure as failure:
        raise pytest.UsageError(str(failure)) from failure


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Say the URL of a PostgreSQL on which databases may be made."""
    return os.environ["TEST_DATABASE_URL"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Say the URL of a Redis; take a prefix of your own."""
    return os.environ["TEST_REDIS_URL"]


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    """Say the URL of a RabbitMQ; take names of your own."""
    return os.environ["TEST_RABBITMQ_URL"]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Say the path of the browser."""
    return os.environ["CHROMIUM"]


@pytest.fixture(scope="session")
def nginx() -> str:
    """Say the path of nginx."""
    return os.environ["NGINX"]


@pytest.fixture(scope="session")
def amqp_publish() -> str:
    """Say the path of the RabbitMQ client of the command line."""
    return os.environ["AMQP_PUBLISH"]


@pytest.fixture
def fresh_postgres_database(postgres_url: str) -> Iterator[str]:
    """Make an empty database that is gone after the test; say its URL."""
    name = f"carillon_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)),
        )
        yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        connection.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)),
        )
