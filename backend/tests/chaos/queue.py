"""N1: consumers and RabbitMQ are killed; the test of the consumers at full size."""

import os
import subprocess
import sys
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
    """Run the test; it compares each message, so what it passed was all delivered."""
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
            },
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    outcome = Outcome("N1")
    outcome.facts["kills"] = f"{consumer_kills} × consumer, {broker_kills} × RabbitMQ"
    outcome.measured("took", time.monotonic() - began)
    if done.returncode == 0:
        outcome.counts = Counts(accepted=messages, delivered=messages)
    else:
        outcome.failures.append(f"{TEST} failed:\n{done.stdout[-3000:]}")
    return outcome
