"""N1: consumers and RabbitMQ are killed; the test of the consumers at full size."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.ledger import Counts
from tests.chaos.outcome import Outcome
from tests.processes import clean_environment

ROOT = Path(__file__).resolve().parent.parent.parent.parent
TEST = (
    "consumers/tests/test_nothing_is_lost.py"
    "::test_d08_nothing_is_lost_doubled_or_left_out_by_kill_9"
)
LIMIT_SECONDS = 900


def consumers_killed(
    *,
    seed: int,
    messages: int,
    consumer_kills: int,
    broker_kills: int,
) -> Outcome:
    """Run the test, and take the counts from the file that it writes."""
    with tempfile.TemporaryDirectory(prefix="carillon-n1-") as folder:
        return _run(
            Path(folder) / "counts.json",
            seed=seed,
            messages=messages,
            consumer_kills=consumer_kills,
            broker_kills=broker_kills,
        )


def _run(
    counts: Path,
    *,
    seed: int,
    messages: int,
    consumer_kills: int,
    broker_kills: int,
) -> Outcome:
    began = time.monotonic()
    services = {
        name: value for name, value in os.environ.items() if name.startswith("TEST_")
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", TEST],
        cwd=ROOT,
        env=clean_environment(
            {
                **services,
                "SEED": str(seed),
                "N1_MESSAGES": str(messages),
                "N1_CONSUMER_KILLS": str(consumer_kills),
                "N1_BROKER_KILLS": str(broker_kills),
                "N1_SECONDS": str(LIMIT_SECONDS),
                "N1_COUNTS": str(counts),
            },
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    outcome = Outcome("N1")
    outcome.facts["kills"] = f"{consumer_kills} × consumer, {broker_kills} × RabbitMQ"
    outcome.measured("took", time.monotonic() - began)
    if counts.exists():
        found = outcome.counts = Counts(**json.loads(counts.read_text()))
        outcome.promise(f"the ledger: {found}", kept=found.is_kept)
    else:
        outcome.failures.append("it came to no counts")
    if done.returncode != 0:
        outcome.failures.append(f"{TEST} failed:\n{done.stdout[-3000:]}")
    return outcome
