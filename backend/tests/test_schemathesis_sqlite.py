"""Every documented operation takes whatever it is sent, on SQLite."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.schemathesis_runs import run_all
from tests.supply import Running


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_operation_fails(
    start_server: Callable[[], Running],
    tmp_path: Path,
) -> None:
    run_all(start_server(), tmp_path, phases="examples,fuzzing")
