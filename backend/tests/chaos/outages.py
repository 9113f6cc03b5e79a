"""N5 and N8: Redis or PostgreSQL does not answer for a while."""

import random
import statistics
import time
from collections.abc import Callable
from http import HTTPStatus

from tests.chaos.outcome import Outcome, Run, running, wait_seconds
from tests.chaos.senders import THREADS, Senders, parcels
from tests.chaos.site import Site
from tests.conformance.web import Web
from tests.processes import wait_until

SEND_SECONDS = 1.5
SLOW_SECONDS = 0.2
REFUSAL_SECONDS = 3.5
PING_SECONDS = 1.0
RECOVERY_SECONDS = 5.0
PER_SECOND = 15.0
# On a machine that may stall: what nobody reaches who waits for the part that is away.
PATIENT_REFUSAL_SECONDS = 4.5
PATIENT_PING_SECONDS = 2.0
PATIENT_RECOVERY_SECONDS = 10.0


def redis_away(
    site: Site,
    *,
    seed: int,
    users: int,
    seconds: float,
    how: str,
) -> Outcome:
    """Kill Redis, pause it or slow it down while messages are sent.

    how: killed, paused or slow.
    """
    begin, end = _redis_faults(site)[how]
    with running(f"N5 {how}", site, users=users, seed=seed) as run:
        connections = run.pages.connections()
        each = round((seconds + 4) * PER_SECOND / users) + 1
        work = parcels(run.users, each=each, chance=run.chance)
        with run.senders(work, per_second=PER_SECOND) as senders:
            run.wait_for_offers(2 * PER_SECOND)
            began = time.monotonic()
            begin()
            try:
                wait_seconds(seconds, lambda: None)
            finally:
                ended = time.monotonic()
                end()
            run.settle(senders)
        _stayed(run, connections)
        _check_sends(run, senders, began=began, ended=ended)
        # No fault is noted in the ledger: what is sent without Redis is on time too.
        return run.judge()


def _check_sends(run: Run, senders: Senders, *, began: float, ended: float) -> None:
    """Insist that nobody who sent had to wait for Redis.

    A product that waits for it does so in every send of that time; a machine that
    stalls does in those that are under way, one for each thread.
    """
    outcome, refused = run.outcome, senders.statuses.total()
    refused -= senders.statuses[HTTPStatus.OK]
    most = THREADS if run.site.is_patient else 0
    outcome.promise(f"{senders.statuses}", kept=refused <= most)
    meanwhile = [e.seconds for e in senders.answered if began <= e.began < ended]
    text = f"only {len(meanwhile)} sends meanwhile"
    outcome.promise(text, kept=len(meanwhile) > 2 * THREADS)
    median = statistics.median(meanwhile or [0.0])
    outcome.measured("median send meanwhile", median, at_most=SEND_SECONDS)
    promised = run.promised(SEND_SECONDS)
    outcome.measured("slowest send", senders.slowest_seconds(), at_most=promised)


def _redis_faults(
    site: Site,
) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    def slow() -> None:
        site.redis_proxy.latency_seconds = SLOW_SECONDS

    return {
        "killed": (site.redis.kill, site.redis.start_again),
        "paused": (site.redis.pause, site.redis.resume),
        "slow": (slow, site.redis_proxy.heal),
    }


def _stayed(run: Run, connections: int) -> None:
    lost = run.pages.connections() - connections
    run.outcome.promise(f"{lost} sockets did not stay", kept=lost == 0)


def database_paused(
    site: Site,
    *,
    seed: int,
    users: int,
    seconds: float,
) -> Outcome:
    """Stop PostgreSQL, all of its processes, and let it go on."""
    with running("N8", site, users=users, seed=seed) as run:
        connections = run.pages.connections()
        each = round((seconds + 4) * PER_SECOND / users) + 1
        work = parcels(run.users, each=each, chance=run.chance)
        with run.senders(work, per_second=PER_SECOND) as senders:
            run.wait_for_offers(2 * PER_SECOND)
            began = time.monotonic()
            site.postgres.pause()
            try:
                _watch_the_outage(run, seconds)
            finally:
                site.postgres.resume()
            _measure_recovery(run)
            run.ledger.fault(began)
            run.settle(senders)
        _stayed(run, connections)
        _check_refusals(run, senders)
        return run.judge()


def _watch_the_outage(run: Run, seconds: float) -> None:
    """Ping while nothing can be read, and ask whether the servers say so."""
    readiness: set[tuple[int, str]] = set()
    longest = 0.0
    run.pages.ping_seconds.clear()
    server = random.Random(1).choice(run.site.servers)

    def look() -> None:
        nonlocal longest
        run.pages.ask()
        answer = Web(server.url, {}).request("GET", "/readyz")
        readiness.add((answer.status, answer.headers.get("retry-after", "")))
        longest = max(longest, run.pages.unanswered_seconds())

    wait_seconds(seconds, look)
    pings = run.pages.ping_seconds
    longest = max([longest, *pings])
    outcome = run.outcome
    outcome.facts["pings answered"] = str(len(pings))
    outcome.measured("slowest ping", longest, at_most=run.promised(PING_SECONDS))
    outcome.promise(
        f"/readyz said {readiness}",
        kept=any(status == HTTPStatus.SERVICE_UNAVAILABLE for status, _ in readiness),
    )
    outcome.promise("no ping was answered", kept=len(pings) >= len(run.pages.all))
    # Where answers wait for the database, most of them do.
    median = statistics.median(pings or [longest])
    outcome.measured("median ping", median, at_most=PATIENT_PING_SECONDS)


def _measure_recovery(run: Run) -> None:
    back = time.monotonic()
    accepted = run.ledger.accepted

    def has_recovered() -> bool:
        is_ready = all(server.is_ready() for server in run.site.servers)
        return is_ready and run.ledger.accepted > accepted

    wait_until(has_recovered, seconds=60, what="the service is back")
    seconds = time.monotonic() - back
    most = run.promised(RECOVERY_SECONDS) or PATIENT_RECOVERY_SECONDS
    run.outcome.measured("back after", seconds, at_most=most)


def _check_refusals(run: Run, senders: Senders) -> None:
    outcome = run.outcome
    refused = [
        each.seconds
        for each in senders.answered
        if each.status == HTTPStatus.SERVICE_UNAVAILABLE
    ]
    outcome.facts["answers"] = ", ".join(
        f"{count} × {status}" for status, count in sorted(senders.statuses.items())
    )
    outcome.promise("nobody was refused", kept=bool(refused))
    outcome.promise(
        f"Retry-After: {senders.retry_after}", kept=not senders.retry_after[""]
    )
    median = statistics.median(refused or [0.0])
    outcome.measured("median refusal", median, at_most=PATIENT_REFUSAL_SECONDS)
    promised = run.promised(REFUSAL_SECONDS)
    outcome.measured("slowest answer", senders.slowest_seconds(), at_most=promised)
