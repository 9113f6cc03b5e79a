"""Two beats and two workers over 24 hours, on files and on PostgreSQL: A30."""

import json
from pathlib import Path

import pytest

from tests.processes import manage

_RUN = "from apps.alerts.tests import contention; contention.main()"


def check(environment: dict[str, str]) -> None:
    """Run a day on an empty database and judge what came of it."""
    manage(environment, "migrate", "--verbosity", "0")
    printed = manage(environment, "shell", "-v", "0", "-c", _RUN, seconds=300)
    found = json.loads(printed.splitlines()[-1])

    total = 38 * 12 + 6 + 11
    assert found == {
        "failures": {},
        # Twelve slots; one has read it after six, one slept through one.
        "reminders": {"first": [6, 11], "others": [12]},
        # From its start after three hours to its expiry after nine: two slots.
        "late": {"first": [2, 2], "others": [2]},
        "counted": total,
        "hours": total,
        "told": 40,
        "is_live": False,
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a30_two_workers_over_a_day_on_sqlite(tmp_path: Path) -> None:
    check({"DATA_DIR": str(tmp_path)})


@pytest.mark.services
@pytest.mark.timeout(300)
def test_a30_two_workers_over_a_day_on_postgresql(
    tmp_path: Path, fresh_postgres_database: str
) -> None:
    check(
        {
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": fresh_postgres_database,
            "DATABASE_POOL_SIZE": "20",
        },
    )
