"""`make chaos`: kill things at random and print the ledger."""

import argparse
import logging
import os
import random
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from tests.chaos import crowds, everything, mailings, nemesis, outages, queue
from tests.chaos.outcome import Outcome
from tests.chaos.report import say, surroundings, table
from tests.chaos.site import Site
from tooling.services.client import Services

Scenario = Callable[..., Outcome]

PEOPLE = 2400
WAYS = ("killed", "paused", "slow")
FULL: Mapping[str, Sequence[Scenario]] = {
    "N2": [
        partial(
            nemesis.random_cuts,
            users=200,
            each=500,
            cuts=50,
            web_kills=10,
            redis_kills=10,
            per_second=80,
        ),
    ],
    "N5": [partial(outages.redis_away, users=50, seconds=30, how=how) for how in WAYS],
    "N7": [partial(crowds.silent_clients, clients=500)],
    "N8": [partial(outages.database_paused, users=50, seconds=30)],
    "N9": [partial(crowds.storm, sockets=5000, within_seconds=5)],
    "N10": [
        partial(
            everything.everything_killed,
            users=50,
            each=40,
            rounds=20,
            kills_rabbitmq=True,
        ),
    ],
}
QUICK: Mapping[str, Sequence[Scenario]] = {
    "N2": [
        partial(
            nemesis.random_cuts,
            users=50,
            each=40,
            cuts=20,
            web_kills=3,
            redis_kills=2,
        ),
    ],
    "N5": [partial(outages.redis_away, users=20, seconds=8, how=how) for how in WAYS],
    "N7": [partial(crowds.silent_clients, clients=50)],
    "N8": [partial(outages.database_paused, users=20, seconds=10)],
    "N9": [partial(crowds.storm, sockets=1000, within_seconds=1)],
    "N10": [partial(everything.everything_killed, users=20, each=20, rounds=3)],
}
N1_FULL = {"messages": 20_000, "consumer_kills": 30, "broker_kills": 3}
N1_QUICK = {"messages": 5_000, "consumer_kills": 10, "broker_kills": 2}
MAILINGS_FULL: Mapping[str, Mapping[str, int]] = {
    "N3": {"messages": 10_000, "kills": 20, "stops": 4},
    "N4": {"messages": 10_000, "seconds": 40, "kills": 8},
}
MAILINGS_QUICK: Mapping[str, Mapping[str, int]] = {
    "N3": {"messages": 2_000, "kills": 5},
    "N4": {"messages": 3_000, "seconds": 10, "kills": 2},
}
MAILINGS: Mapping[str, Scenario] = {
    "N3": mailings.workers_killed,
    "N4": mailings.end_in_mid_run,
}
NAMES = ("N1", *MAILINGS, *FULL)


def main() -> int:
    """Run what the arguments ask for; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--seed", default="", help="a number, or nothing for any")
    parser.add_argument("--only", default="", help=f"of {','.join(NAMES)}")
    parser.add_argument("--sizes", choices=("full", "quick"), default="full")
    options = parser.parse_args()
    seed = int(options.seed or random.SystemRandom().randrange(1_000_000))
    names = options.only.replace(" ", "").upper().split(",") if options.only else NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"no scenario {', '.join(sorted(unknown))}: {', '.join(NAMES)}")
    # pika tells of every connection that it loses, which is what happens here.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    _raise_file_limit()
    say(surroundings(seed))
    outcomes = _run([name for name in NAMES if name in names], seed, options.sizes)
    say(f"\n{surroundings(seed)}\n\n{table(outcomes)}")
    return 1 if any(outcome.failures for outcome in outcomes) else 0


def _raise_file_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _run(names: list[str], seed: int, sizes: str) -> list[Outcome]:
    outcomes: list[Outcome] = []
    if "N1" in names:
        outcomes.append(_told("N1", partial(_queue, seed, sizes)))
    for name in [each for each in names if each in MAILINGS]:
        outcomes += _mailing(name, seed, sizes)
    scenarios = FULL if sizes == "full" else QUICK
    chosen = [name for name in names if name in scenarios]
    if chosen:
        with ExitStack() as stack:
            say("Starting PostgreSQL, Redis and two servers")
            site = Site(people=PEOPLE)
            stack.callback(site.stop)
            outcomes += [
                _told(name, partial(scenario, site, seed=seed))
                for name in chosen
                for scenario in scenarios[name]
            ]
    return outcomes


def _queue(seed: int, sizes: str) -> Outcome:
    services = Services()
    with ExitStack() as stack:
        stack.callback(services.stop)
        services.start(["postgresql", "rabbitmq"])
        chosen = N1_FULL if sizes == "full" else N1_QUICK
        return queue.consumers_killed(seed=seed, **chosen)


def _mailing(name: str, seed: int, sizes: str) -> list[Outcome]:
    """Run a scenario of mailings on SQLite, then on PostgreSQL."""
    chosen = (MAILINGS_FULL if sizes == "full" else MAILINGS_QUICK)[name]
    run = partial(MAILINGS[name], seed=seed, **chosen)
    outcomes = [_told(name, run)]
    services = Services()
    with ExitStack() as stack:
        stack.callback(services.stop)
        services.start(["postgresql"])
        url = os.environ["TEST_DATABASE_URL"]
        outcomes.append(_told(name, partial(run, database_url=url)))
    outcomes[0].name, outcomes[1].name = f"{name} SQLite", f"{name} PostgreSQL"
    return outcomes


def _told(name: str, scenario: Callable[[], Outcome]) -> Outcome:
    say(f"{name} …")
    began = time.monotonic()
    try:
        outcome = scenario()
    except AssertionError as error:
        # It came to a stand: a broken promise as well.
        outcome = Outcome(name, failures=[str(error)])
    said = "broken" if outcome.failures else "kept"
    say(f"{outcome.name}: {said}, {time.monotonic() - began:.0f} s")
    for failure in outcome.failures:
        say(failure)
    return outcome


if __name__ == "__main__":
    raise SystemExit(main())
