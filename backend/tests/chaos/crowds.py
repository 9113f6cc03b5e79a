"""N7 and N9: clients that never read, and clients that all come at once."""

import itertools
import json
import statistics
import threading
import time
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any

from tests.chaos.outcome import Outcome, Run, running
from tests.chaos.pages import UNAVAILABLE, Person
from tests.chaos.senders import parcels
from tests.chaos.site import Site
from tests.conformance.web import Answer, Web
from tests.faults.raw_socket import RawSocket
from tests.processes import wait_until

EACH_BYTES = 1.1 * 1024 * 1024
SERVER_BYTES = 10 * 1024 * 1024
# Together far more than the limit, also for ten: who keeps all of it is found out.
LARGE_EACH, LARGE_BYTES, LARGE_AT_ONCE = 120, 30_000, 30
DATABASE_CONNECTIONS = 40
HELLO_SECONDS = 10.0
# Sockets that a stalled machine may turn away: a batch of each server.
STALLED_BATCHES = 2 * 100


def silent_clients(site: Site, *, seed: int, clients: int) -> Outcome:
    """Send much to clients that never read, and a little to others beside them."""
    server, other = site.servers
    with running("N7", site, users=10, seed=seed, url=lambda: server.url) as run:
        connections = run.pages.connections()
        silent = site.take_people(clients)
        warming = site.take_people(1)
        service = Web(other.url, site.headers)
        with ExitStack() as stack:
            _connect_silently(stack, site, warming)
            _send_large_ones(service, warming)
            before = server.memory()
            _connect_silently(stack, site, silent)
            _send_large_ones(service, silent)
            work = parcels(run.users, each=10, chance=run.chance)
            with run.senders(work, per_second=50) as senders:
                run.settle(senders)
            growth = server.memory() - before
        limit = clients * EACH_BYTES + SERVER_BYTES
        each = growth / clients / 1024 / 1024
        run.outcome.facts["memory for each"] = f"{each:.2f} MiB"
        run.outcome.promise(f"{growth} bytes taken", kept=growth <= limit)
        stayed = run.pages.connections() == connections
        run.outcome.promise("others were cut off", kept=stayed)
        return run.judge()


def _connect_silently(stack: ExitStack, site: Site, people: list[Person]) -> None:
    server, other = site.servers
    for person in people:
        service = Web(other.url, site.headers)
        minted = _posted(service, "/api/auth/ticket/", {"user_id": person.id})
        ticket = str(minted["ticket"])
        stack.enter_context(RawSocket(server.url, ticket, receive_buffer=1_024))


def _send_large_ones(service: Web, people: list[Person]) -> None:
    payload = {"message": "large", "padding": "x" * LARGE_BYTES}
    for person in people:
        drafts = [{"user_id": person.id, "payload": payload}] * LARGE_AT_ONCE
        body = json.dumps({"notifications": drafts}).encode()
        for _ in range(LARGE_EACH // LARGE_AT_ONCE):
            _posted(service, "/api/notifications/send/bulk/", body)


def _posted(service: Web, path: str, body: object) -> Any:
    """Post until nobody says that the service is busy, and return the answer."""
    answers: list[Answer] = []

    def is_taken() -> bool:
        answers.append(service.request("POST", path, body))
        return answers[-1].status != HTTPStatus.SERVICE_UNAVAILABLE

    wait_until(is_taken, seconds=60, what=f"{path} is taken", interval=0.5)
    assert answers[-1].status in {HTTPStatus.OK, HTTPStatus.CREATED}, answers[-1]
    return answers[-1].json()


class _Gauge(threading.Thread):
    """Looks at the number of database connections until it is told to stop."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self._site = site
        self._stopped = threading.Event()
        self.most = 0

    def run(self) -> None:
        while not self._stopped.wait(0.1):
            self.most = max(self.most, self._site.database_connections())

    def __enter__(self) -> "_Gauge":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join(10)


def storm(
    site: Site,
    *,
    seed: int,
    sockets: int,
    within_seconds: float,
    pages_each: int = 5,
) -> Outcome:
    """Cut every socket at once and let all come back; then send to everybody."""
    turns = itertools.cycle([server.url for server in site.servers])
    with (
        _Gauge(site) as gauge,
        running(
            "N9",
            site,
            users=sockets // pages_each,
            seed=seed,
            pages_each=pages_each,
            url=lambda: next(turns),
            patience_seconds=within_seconds,
        ) as run,
    ):
        greeted, began = run.pages.connections(), time.monotonic()
        run.pages.cut(1.0, run.chance)
        run.wait_until_live(connections=greeted + sockets)
        run.outcome.measured("all back after", time.monotonic() - began)
        _check_the_storm(run, gauge.most)
        work = parcels(run.users, each=1, chance=run.chance)
        with run.senders(work, per_second=100) as senders:
            run.settle(senders)
        return run.judge()


def _check_the_storm(run: Run, most: int) -> None:
    outcome, pages = run.outcome, run.pages
    faults = {status: n for status, n in pages.refusals.items() if status >= 500}
    outcome.promise(f"refused with {faults}", kept=not faults)
    closed = pages.closes[UNAVAILABLE]
    allowed = STALLED_BATCHES if run.site.is_patient else 0
    outcome.promise(f"{closed} closed with {UNAVAILABLE}", kept=closed <= allowed)
    connections = f"{most} database connections"
    outcome.facts["most"] = connections
    outcome.promise(connections, kept=most <= DATABASE_CONNECTIONS)
    times = sorted(page.hello_seconds for page in pages.all)
    p99 = statistics.quantiles(times, n=100)[-1]
    outcome.facts["p99 to hello"] = f"{p99:.2f} s (promised {HELLO_SECONDS:g} s)"
