"""N3 and N4: workers that send a mailing are killed, and its end comes in mid-run."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from tests.chaos.gateway import FaultyGateway, Ledger
from tests.chaos.ledger import Counts
from tests.chaos.outcome import Outcome
from tests.processes import MANAGE, clean_environment, manage, wait_until

WORKERS = 2
TIMEOUT_SECONDS = 1.0
CONCURRENCY = 20
_PREPARE = """
from django.core.management import call_command
from apps.common import clock
from apps.mailings.models import Client
call_command("migrate", verbosity=0)
now = clock.now()
Client.objects.bulk_create([
    Client(phone_number=f"7900{{n:07d}}", mobile_operator_code="900",
           created_at=now, updated_at=now)
    for n in range({count})
], batch_size=500)
"""
_BEGIN = """
import datetime
from apps.common import clock
from apps.mailings import services
now = clock.now()
mailing = services.create({{
    "text": "Hello", "date_start": now,
    "date_end": now + datetime.timedelta(seconds={seconds}),
}}, by=services.Author())
print("MAILING", mailing.pk, mailing.date_end.timestamp())
"""
_LOOK = """
import json
from apps.mailings import selectors
from apps.mailings.models import Message
mailing = selectors.mailings().get()
rows = Message.objects.values_list("message_id", "sending_status")
print("FOUND", json.dumps({
    "status": mailing.status,
    "counts": selectors.counts(mailing),
    "messages": list(rows),
}))
"""


@dataclass
class Found:
    """What the database says in the end."""

    status: str
    counts: dict[str, int]
    messages: dict[int, str]

    def having(self, status: str) -> set[int]:
        """Return the ids of the messages with a status."""
        return {each for each, found in self.messages.items() if found == status}


@dataclass
class Deployment:
    """A database with a mailing, and the workers that send it."""

    environment: dict[str, str]
    log: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kills: int = 0
    suspended: int = 0

    @property
    def faults(self) -> str:
        """Say what was done to workers."""
        return f"{self.kills} × killed, {self.suspended} × stopped for a while"

    def start_worker(self) -> None:
        """Start one more."""
        with self.log.open("ab") as log:
            self.workers.append(
                subprocess.Popen(
                    [sys.executable, str(MANAGE), "run_due", "--seconds", "600"],
                    env=clean_environment(self.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )

    def kill_one(self, chance: random.Random) -> None:
        """Kill one as `kill -9` does, and start another in its place."""
        worker = chance.choice(self.workers)
        worker.kill()
        worker.wait()
        self.workers.remove(worker)
        self.kills += 1
        self.start_worker()

    def suspend_one(self, chance: random.Random) -> None:
        """Stop one for longer than its leases last, and let it go on."""
        worker = chance.choice(self.workers)
        worker.send_signal(signal.SIGSTOP)
        time.sleep(4 * TIMEOUT_SECONDS)
        worker.send_signal(signal.SIGCONT)
        self.suspended += 1

    def stop(self) -> None:
        """End all of them."""
        for worker in self.workers:
            worker.kill()
            worker.wait()

    def begin(self, seconds: float) -> float:
        """Write a mailing that lasts so long; say when it ends."""
        printed = manage(
            self.environment, "shell", "-c", _BEGIN.format(seconds=seconds)
        )
        line = next(each for each in printed.splitlines() if each.startswith("MAILING"))
        return float(line.split()[2])

    def is_done(self) -> bool:
        """Look into the table itself: a command would cost a second."""
        url = self.environment.get("DATABASE_URL")
        file = Path(self.environment["DATA_DIR"]) / "carillon.sqlite3"
        connection = psycopg.connect(url) if url else sqlite3.connect(file, timeout=20)
        with closing(connection):
            cursor = connection.execute("SELECT status FROM mailings_mailing")
            return cursor.fetchone() == ("done",)

    def look(self) -> Found:
        """Read what became of the mailing."""
        printed = manage(self.environment, "shell", "-c", _LOOK)
        line = next(each for each in printed.splitlines() if each.startswith("FOUND"))
        found = json.loads(line.removeprefix("FOUND "))
        return Found(
            found["status"], found["counts"], dict(map(tuple, found["messages"]))
        )


@contextmanager
def _mailing(
    gateway: FaultyGateway, *, count: int, seconds: float, database_url: str
) -> Iterator[tuple[Deployment, float]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            "DATA_DIR": str(folder / "data"),
            "SMS_GATEWAY_URL": gateway.url,
            "SMS_GATEWAY_TOKEN": "token",
            "SMS_GATEWAY_TIMEOUT": str(TIMEOUT_SECONDS),
            "SMS_GATEWAY_CONCURRENCY": str(CONCURRENCY),
            "MAILING_ENGINES": str(WORKERS),
            "MAILING_RETRY_SECONDS": "0.2",
            "LOG_LEVEL": "warning",
            **({"DATABASE_URL": database_url} if database_url else {}),
        }
        Path(environment["DATA_DIR"]).mkdir()
        manage(environment, "shell", "-c", _PREPARE.format(count=count))
        deployment = Deployment(environment, folder / "workers.log")
        try:
            # Before the mailing, so that its time is not spent on their start.
            for _ in range(WORKERS):
                deployment.start_worker()
            yield deployment, deployment.begin(seconds)
        finally:
            deployment.stop()


def workers_killed(
    *, seed: int, messages: int, kills: int, stops: int = 0, database_url: str = ""
) -> Outcome:
    """Kill workers at random points of a mailing; each client is sent one SMS.

    stops: so many of them are stopped, beyond their leases, before the kills.
    """
    chance = random.Random(f"N3 {seed}")
    outcome = Outcome("N3")
    with (
        FaultyGateway(seed=seed) as gateway,
        _mailing(gateway, count=messages, seconds=3600, database_url=database_url) as (
            deployment,
            _,
        ),
    ):
        ledger = gateway.ledger
        for number in range(1, kills + 1):
            least = int((number - chance.random()) / kills * messages * 0.9)
            wait_until(
                partial(_has_come, ledger, least),
                seconds=240,
                what=f"{least} messages before a kill",
            )
            if number <= stops:
                deployment.suspend_one(chance)
            deployment.kill_one(chance)
        wait_until(
            lambda: len(ledger.delivered) >= messages,
            seconds=240,
            what=f"all delivered; {len(ledger.delivered)} are",
        )
        gateway.is_well = True
        found = _ended(deployment)
        outcome.facts["workers"] = deployment.faults
        _judge(outcome, found, ledger)
    outcome.promise(f"sent: {found.counts}", kept=found.counts["sent"] == messages)
    return outcome


def end_in_mid_run(
    *,
    seed: int,
    messages: int,
    seconds: float,
    kills: int = 0,
    under_way: int = 0,
    database_url: str = "",
) -> Outcome:
    """Let the end come while messages are left; nothing leaves after it.

    kills: so many workers are killed meanwhile, at random moments.
    under_way: so many may come later, which a machine that stalls had under way.
    """
    chance = random.Random(f"N4 {seed}")
    outcome = Outcome("N4")
    with (
        FaultyGateway(seed=seed, latency_seconds=0.2) as gateway,
        _mailing(
            gateway, count=messages, seconds=seconds, database_url=database_url
        ) as (deployment, ends_at),
    ):
        moments = sorted(ends_at - seconds * chance.random() for _ in range(kills))
        for moment in moments:
            time.sleep(max(0.0, moment - time.time()))
            deployment.kill_one(chance)
        found = _ended(deployment)
        ledger = gateway.ledger
        _judge(outcome, found, ledger)
        outcome.facts["workers"] = deployment.faults
        after = ledger.since(ends_at)
        latest = f"up to {max(after, default=0):.2f} s after the end"
        kept = len(after) <= under_way
        outcome.promise(f"{len(after)} requests {latest}", kept=kept)
        left = found.counts["expired"]
        outcome.facts["expired"] = str(left)
        outcome.promise("the end came in mid-run", kept=0 < left < messages)
    return outcome


def _has_come(ledger: Ledger, least: int) -> bool:
    return len(ledger.requests) >= least


def _ended(deployment: Deployment) -> Found:
    wait_until(
        deployment.is_done, seconds=240, what="the mailing is done", interval=0.2
    )
    return deployment.look()


def _judge(outcome: Outcome, found: Found, ledger: Ledger) -> None:
    sent, delivered = found.having("sent"), set(ledger.delivered)
    lost = sent - delivered
    outcome.counts = Counts(
        accepted=len(sent),
        delivered=len(sent & delivered),
        lost=len(lost),
        doubled=ledger.second_effects,
    )
    hidden = (found.having("expired") | found.having("failed")) & delivered
    outcome.promise(f"{len(lost)} said to be sent and were not", kept=not lost)
    outcome.promise(
        f"{ledger.second_effects} second effects", kept=not ledger.second_effects
    )
    outcome.promise(f"{len(hidden)} delivered but expired or failed", kept=not hidden)
    open_ones = found.counts["waiting"]
    outcome.promise(f"{open_ones} are still open", kept=not open_ones)
    outcome.facts["repeated requests"] = str(ledger.repeated)
    outcome.facts["unknown"] = str(found.counts["unknown"])
    outcome.facts["faults"] = ", ".join(
        f"{count} {name}" for name, count in sorted(ledger.faults.items()) if name
    )
