"""Which servers the suite is run against.

By default two, started here: the embedded profile, and Daphne on PostgreSQL and Redis.
`CARILLON_CONFORMANCE_URL` names a running one instead; it then needs a service key
with the scopes notify:send, users:write and tickets:mint as
`CARILLON_CONFORMANCE_SERVICE=<id>:<token>`, and for the tests of log-out and passwords
users that may be used up, `CARILLON_CONFORMANCE_LOGINS=name:password,name:password`.
What only a server started here can show (shortened limits, the fake domain, its end) is
left out there.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache, partial

import pytest

from tests.conformance.door import Deployment, Door, Login
from tests.supply import SHORT_LIMITS, Running, Supply

EMBEDDED = "uvicorn-sqlite"
OUTSIDE = "daphne-postgres-redis"
ELSEWHERE = "elsewhere"
URL = os.environ.get("CARILLON_CONFORMANCE_URL", "").rstrip("/")

# What Daphne cannot do (docs/protocol.md); each test that asks for it says so by name.
DAPHNE_LACKS = {
    "rejection body before accept",
    "back-pressure",
    "drain",
    "close reason",
}


def _profiles() -> list[object]:
    if URL:
        return [pytest.param(ELSEWHERE, marks=pytest.mark.slow)]
    return [
        pytest.param(EMBEDDED, marks=pytest.mark.slow),
        pytest.param(OUTSIDE, marks=pytest.mark.services),
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test of a server against each of them."""
    if "profile" in metafunc.fixturenames:
        metafunc.parametrize("profile", _profiles())


def pytest_itemcollected(item: pytest.Item) -> None:
    """Ask for the services where a test needs them, so that they are started."""
    callspec = getattr(item, "callspec", None)
    if callspec and callspec.params.get("profile") == OUTSIDE:
        names = [*getattr(item, "fixturenames", ()), "postgres_url", "redis_url"]
        item.fixturenames = names  # type: ignore[attr-defined]  # of pytest.Function


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of what Daphne cannot do."""
    config.addinivalue_line("markers", "daphne_lacks(what): cannot hold on Daphne")


@pytest.fixture(autouse=True)
def _skip_what_daphne_lacks(request: pytest.FixtureRequest) -> None:
    mark = request.node.get_closest_marker("daphne_lacks")
    if mark is None:
        return
    assert mark.args[0] in DAPHNE_LACKS
    if request.getfixturevalue("profile") == OUTSIDE:
        pytest.skip(f"Daphne has no {mark.args[0]}")


def _start(
    request: pytest.FixtureRequest,
    environment: dict[str, str],
) -> Callable[[], Running]:
    supply: Supply = request.getfixturevalue("supply")
    if request.getfixturevalue("profile") == EMBEDDED:
        return partial(supply.embedded, environment)
    return partial(
        supply.outside,
        environment,
        postgres_url=request.getfixturevalue("postgres_url"),
        redis_url=request.getfixturevalue("redis_url"),
        web_server="daphne",
    )


@cache
def _elsewhere() -> Deployment:
    service_id, _, token = os.environ["CARILLON_CONFORMANCE_SERVICE"].partition(":")
    logins = os.environ.get("CARILLON_CONFORMANCE_LOGINS", "")
    return Deployment(
        url=URL,
        service_id=service_id,
        service_token=token,
        logins=[
            Login(*login.strip().split(":", 1)) for login in logins.split(",") if login
        ],
    )


@pytest.fixture
def deployment(request: pytest.FixtureRequest, profile: str) -> Deployment:
    """Say where the server with the usual limits is."""
    if profile == ELSEWHERE:
        return _elsewhere()
    supply: Supply = request.getfixturevalue("supply")
    return supply.shared(profile, _start(request, {})).deployment


@pytest.fixture
def short_deployment(request: pytest.FixtureRequest, profile: str) -> Deployment:
    """Say where the server with shortened limits is."""
    if profile == ELSEWHERE:
        pytest.skip("the limits of a server elsewhere are its own")
    supply: Supply = request.getfixturevalue("supply")
    start = _start(request, SHORT_LIMITS)
    return supply.shared(f"{profile}-short", start).deployment


@pytest.fixture
def own_server(
    request: pytest.FixtureRequest,
    profile: str,
) -> Iterator[Callable[..., Running]]:
    """Start servers of the profile that this test alone uses and may end."""
    if profile == ELSEWHERE:
        pytest.skip("a server elsewhere is not ours to end")
    started: list[Running] = []

    def start(**environment: str) -> Running:
        started.append(_start(request, environment)())
        return started[-1]

    yield start
    for running in started:
        running.server.stop()


@pytest.fixture
def door(deployment: Deployment) -> Iterator[Door]:
    """Enter the server with the usual limits."""
    door = Door(deployment)
    yield door
    door.leave()


@pytest.fixture
def short_door(short_deployment: Deployment) -> Iterator[Door]:
    """Enter the server with shortened limits."""
    door = Door(short_deployment)
    yield door
    door.leave()
