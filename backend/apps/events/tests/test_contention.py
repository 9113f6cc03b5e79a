"""What many threads at once may not break, on files and on PostgreSQL."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.processes import manage

_RUN = "from apps.events.tests import contention; contention.main()"


def check(environment: dict[str, str]) -> None:
    """Run the scenarios on an empty database and judge what came of them."""
    manage(environment, "migrate", "--verbosity", "0")
    printed = manage(environment, "shell", "-v", "0", "-c", _RUN, seconds=240)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])

    assert found["one_key"] == {
        "errors": [],
        "others": [],
        "taken": True,
        "sends": 1,
        "messages": 1,
    }
    assert found["workers"] == {
        "errors": [],
        "told": 600,
        "most": 1,
        "statuses": ["done", "done"],
    }
    assert found["choices"] == {"errors": [], "rows": 21}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_e07_threads_at_once_on_sqlite(tmp_path: Path) -> None:
    check({"DATA_DIR": str(tmp_path)})


@pytest.mark.services
@pytest.mark.timeout(300)
def test_e07_threads_at_once_on_postgresql(
    tmp_path: Path,
    fresh_postgres_database: str,
) -> None:
    check(
        {
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": fresh_postgres_database,
            "DATABASE_POOL_SIZE": "20",
        }
    )
