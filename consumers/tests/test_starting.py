"""What the process says when it cannot start."""

import subprocess
import sys
from pathlib import Path

import pytest

from consumers.tests.station import ROOT
from tests.processes import clean_environment

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "command",
    [["-m", "consumers"], ["backend/manage.py", "launch_queue_listener"]],
)
def test_without_an_address_one_sentence_says_what_to_set(
    command: list[str],
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=clean_environment({"DATA_DIR": str(tmp_path)}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert "RABBITMQ_URL" in done.stderr
    assert len(done.stderr.splitlines()) == 1
