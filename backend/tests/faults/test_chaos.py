"""The scenarios of `make chaos`, in a size that fits into every run of the tests.

One deployment serves them all, each with people of its own: the faults of one scenario
have ended before the next one begins. SEED says which faults strike when.
"""

import os
from collections.abc import Iterator

import pytest

from tests.chaos import crowds, everything, nemesis, outages
from tests.chaos.site import Site

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(180),
    # pika leaves the sockets of a connection that broke to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SEED = int(os.environ.get("SEED", "20"))
PEOPLE = 320


@pytest.fixture(scope="module")
def site(postgres_url: str, redis_url: str, rabbitmq_url: str) -> Iterator[Site]:
    """Start PostgreSQL, Redis and two servers that nobody else uses.

    The shared ones are asked for because they make sure of the programs.
    """
    site = Site(people=PEOPLE, rabbitmq_url=rabbitmq_url, is_patient=True)
    yield site
    site.stop()


def test_n2_random_cuts_and_kills_lose_and_double_nothing(site: Site) -> None:
    outcome = nemesis.random_cuts(
        site,
        seed=SEED,
        users=50,
        each=20,
        cuts=5,
        web_kills=2,
        redis_kills=1,
    )

    assert outcome.failures == []
    assert outcome.counts.accepted > 800


@pytest.mark.parametrize("how", ["killed", "paused", "slow"])
def test_n5_without_redis_sockets_stay_and_sends_are_quick(
    site: Site,
    how: str,
) -> None:
    outcome = outages.redis_away(site, seed=SEED, users=10, seconds=5, how=how)

    assert outcome.failures == []
    assert outcome.counts.accepted > 100


def test_n7_clients_that_never_read_cost_little_and_delay_nobody(site: Site) -> None:
    outcome = crowds.silent_clients(site, seed=SEED, clients=10)

    assert outcome.failures == []
    assert outcome.counts.accepted == 100


def test_n8_a_paused_postgresql_is_refused_politely_and_survived(site: Site) -> None:
    outcome = outages.database_paused(site, seed=SEED, users=10, seconds=6)

    assert outcome.failures == []
    assert outcome.counts.accepted > 100


def test_n9_five_hundred_sockets_that_come_at_once_are_all_greeted(site: Site) -> None:
    outcome = crowds.storm(site, seed=SEED, sockets=500, within_seconds=0.5)

    assert outcome.failures == []
    assert outcome.counts.accepted == 100


def test_n10_everything_is_killed_at_once_and_comes_back(site: Site) -> None:
    outcome = everything.everything_killed(
        site,
        seed=SEED,
        users=15,
        each=8,
        rounds=2,
    )

    assert outcome.failures == []
    # Over HTTP, through RabbitMQ, and a broadcast before each kill.
    assert outcome.counts.accepted == 15 * (8 + 8 + 2)
