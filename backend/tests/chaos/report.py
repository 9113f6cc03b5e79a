"""The ledger as a table, with what it was found on."""

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tests.chaos.outcome import Outcome
from tooling.services import programs

PACKAGES = ("django", "channels", "channels-redis", "uvicorn", "psycopg", "pika")
COLUMNS = (
    "accepted",
    "delivered",
    "lost",
    "doubled",
    "reordered",
    "late",
    "recovered",
    "unexpected",
)


def surroundings(seed: int) -> str:
    """Say the seed, the machine and the versions."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return "\n".join(
        [
            f"SEED={seed}",
            f"{os.cpu_count()} processors, {_processor()}, {platform.system()}",
            f"Python {platform.python_version()}, {_services()}",
            packages,
        ],
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """Show a line for each scenario, then what was measured and what was broken."""
    lines = [_row(("", *COLUMNS)), _row(["---"] * (len(COLUMNS) + 1))]
    lines += [
        _row((each.name, *(str(getattr(each.counts, name)) for name in COLUMNS)))
        for each in outcomes
    ]
    for each in outcomes:
        facts = "; ".join(f"{name}: {fact}" for name, fact in each.facts.items())
        lines += ["", f"{each.name}: {facts}"]
        lines += [f"{each.name} BROKEN: {failure}" for failure in each.failures]
    return "\n".join(lines)


def say(text: str) -> None:
    """Tell how far it is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line for line in lines if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def _services() -> str:
    postgresql, redis = programs.postgresql(), programs.redis()
    asked = [
        [str(program), "--version"]
        for program in (postgresql and postgresql / "postgres", redis)
        if program
    ]
    answers = [
        subprocess.run(command, capture_output=True, text=True, check=False).stdout
        for command in asked
    ]
    # Name and version; Redis goes on with its build.
    return ", ".join(" ".join(answer.split()[:3]) for answer in answers)
