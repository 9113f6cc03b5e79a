"""The benchmarks still run; what they measure with so few people says nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BACKEND = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_line_of_the_table_is_measured(
    postgres_url: str,
    redis_url: str,
    rabbitmq_url: str,
) -> None:
    command = [sys.executable, "-m", "benchmarks", "--sizes", "tiny"]

    done = subprocess.run(
        command,
        cwd=BACKEND,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(rows) == 2 + 8, done.stdout
