"""N10: all processes are killed at once while messages come in on every way."""

import gc
import http.client
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import pika
from pika.exceptions import AMQPError

from consumers.topology import Names
from tests.chaos.ledger import Entry, Ledger
from tests.chaos.outcome import Outcome, Run, running
from tests.chaos.senders import parcels
from tests.chaos.site import Site
from tests.conformance.web import Web
from tests.processes import wait_until

READY_SECONDS = 30.0
PARTS_SECONDS = 60.0
AGAIN_SECONDS = 0.2
PER_SECOND = 20.0


class Publisher(threading.Thread):
    """Publishes with confirms; what was not confirmed is published again."""

    def __init__(self, site: Site, ledger: Ledger, entries: Sequence[Entry]) -> None:
        super().__init__(daemon=True)
        self._site = site
        self._ledger = ledger
        self._left = list(entries)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Publish all."""
        while self._left and not self._stopped.is_set():
            try:
                self._publish()
            except (AMQPError, OSError):
                self._stopped.wait(AGAIN_SECONDS)
        # pika leaves what it had open to the garbage collector.
        gc.collect()

    def stop(self) -> None:
        """End, whatever is left."""
        self._stopped.set()
        self.join(20)

    def _publish(self) -> None:
        parameters = pika.URLParameters(self._site.rabbitmq_url)
        parameters.heartbeat = 5
        names = Names(self._site.rabbitmq_prefix)
        with pika.BlockingConnection(parameters) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            while self._left and not self._stopped.is_set():
                user, message = self._left[-1]
                self._ledger.offer([(user, message)])
                channel.basic_publish(
                    names.exchange,
                    "notifications.send",
                    json.dumps(
                        {"user_id": user, "payload": {"message": message}}
                    ).encode(),
                    pika.BasicProperties(delivery_mode=2, message_id=message),
                    mandatory=True,
                )
                self._ledger.accept([self._left.pop()])
                self._stopped.wait(1 / PER_SECOND)


def everything_killed(
    site: Site,
    *,
    seed: int,
    users: int,
    each: int,
    rounds: int,
    kills_rabbitmq: bool = False,
) -> Outcome:
    """Kill servers, worker, beat, consumer, Redis and PostgreSQL, again and again."""
    parts = site.parts
    ready: list[float] = []
    with running("N10", site, users=users, seed=seed) as run:
        _wait_for_parts(site)
        team = site.team_of(run.people)
        entries = [
            (user, f"amqp-{user}-{n}") for n in range(each) for user in run.users
        ]
        run.chance.shuffle(entries)
        work = parcels(run.users, each=each, chance=run.chance, largest=3)
        publisher = Publisher(site, run.ledger, entries)
        publisher.start()
        step = 2 * users * each / (rounds + 1)
        with run.senders(work, per_second=PER_SECOND / 2) as senders:
            for number in range(1, rounds + 1):
                run.wait_for_offers(number * step)
                _broadcast(run, team, f"broadcast-{number}")
                ready.append(_kill_everything(run, kills_rabbitmq=kills_rabbitmq))
            wait_until(
                lambda: not publisher.is_alive(), seconds=120, what="all is published"
            )
            run.settle(senders)
        publisher.stop()
        run.outcome.facts["processes killed each time"] = str(
            len(site.servers) + len(parts) + 2 + kills_rabbitmq
        )
        run.outcome.measured("slowest to be ready", max(ready), at_most=READY_SECONDS)
        return run.judge(on_time=False)


def _wait_for_parts(site: Site) -> None:
    anonymous = Web(site.url, {})

    def are_ok() -> bool:
        answer = anonymous.request("GET", "/api/status/")
        if answer.status != HTTPStatus.OK:
            return False
        parts = answer.json()["parts"]
        # The servers know nothing of the consumer: they have no use for RabbitMQ.
        return all(parts[name]["state"] == "ok" for name in ("worker", "beat"))

    wait_until(are_ok, seconds=PARTS_SECONDS, what="worker and beat", interval=0.5)


def _broadcast(run: Run, team: int, name: str) -> None:
    """Have a message accepted that a worker is yet to send to everybody."""
    service = Web(run.site.url, run.site.headers).signed(Idempotency_Key=name)
    entries = [(user, name) for user in run.users]
    body = {"team_id": team, "payload": {"message": name}}
    run.ledger.offer(entries)

    def is_accepted() -> bool:
        try:
            answer = service.request("POST", "/api/notifications/send/broadcast/", body)
        except (OSError, http.client.HTTPException):
            return False
        return answer.status == HTTPStatus.ACCEPTED

    wait_until(is_accepted, seconds=30, what=f"{name} is accepted", interval=0.2)
    run.ledger.accept(entries)


def _kill_everything(run: Run, *, kills_rabbitmq: bool) -> float:
    """Kill all and start all; say after how many seconds the servers were ready."""
    site, began = run.site, time.monotonic()
    services = [site.redis, site.postgres]
    services += [site.rabbitmq] if kills_rabbitmq and site.rabbitmq else []
    everything = [*site.servers, *site.parts, *services]
    with ThreadPoolExecutor(len(everything)) as pool:
        list(pool.map(lambda each: each.kill(), everything))
        started = time.monotonic()
        list(pool.map(lambda each: each.start_again(), services))
        starting = [*site.servers, *site.parts]
        list(pool.map(lambda each: each.start(), starting))
    seconds = time.monotonic() - started
    run.ledger.fault(began)
    return seconds
