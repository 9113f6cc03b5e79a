"""What many threads at once may not break, on files and on PostgreSQL."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.processes import manage

_RUN = "from apps.notifications.tests import contention; contention.main()"


def check(environment: dict[str, str], *, second_request: str) -> None:
    """Run the scenarios on an empty database and judge what came of them."""
    manage(environment, "migrate", "--verbosity", "0")
    printed = manage(environment, "shell", "-v", "0", "-c", _RUN, seconds=240)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])

    assert found["one_user"] == {
        "errors": [],
        "seqs": list(range(1, 121)),
        "last_seq": 120,
    }
    assert found["overlapping"] == {"errors": [], "gapless": True, "rows": 8 * 8 * 30}
    assert found["same_key"] == {"errors": [], "rows": 1, "numbers": 1}
    assert found["http_key"]["errors"] == []
    assert (found["http_key"]["rows"], found["http_key"]["keys"]) == (1, 1)
    assert found["http_key"]["statuses"]["200"] == 1
    assert set(found["http_key"]["statuses"]) <= {"200", "200 replayed", "409"}
    assert found["two_at_once"] == f"done, {second_request}"
    assert found["broadcasts"] == {
        "errors": [],
        "complete": True,
        "most": 1,
        "statuses": ["done", "done"],
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_d09_threads_at_once_on_sqlite(tmp_path: Path) -> None:
    check({"DATA_DIR": str(tmp_path)}, second_request="replayed")


@pytest.mark.services
@pytest.mark.timeout(300)
def test_d09_threads_at_once_on_postgresql(
    tmp_path: Path,
    fresh_postgres_database: str,
) -> None:
    check(
        {
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": fresh_postgres_database,
            "DATABASE_POOL_SIZE": "20",
        },
        second_request="in_progress",
    )


@pytest.mark.slow
def test_d06_the_shortcut_works_in_both_shells(tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(tmp_path)}
    manage(environment, "migrate", "--verbosity", "0")
    make = (
        "from apps.accounts.models import User; "
        "print(User.objects.create(username='a').pk)"
    )
    pk = manage(environment, "shell", "-v", "0", "-c", make).splitlines()[-1]
    code = (
        "from apps.notifications.services import notify_user_by_id; "
        f"print(notify_user_by_id('{pk}', {{'a': 1}}).seq)"
    )

    first = manage(environment, "shell", "-v", "0", "-c", code)
    second = manage(environment, "shell_plus", "--quiet-load", "-c", code)

    assert (first.split()[-1], second.split()[-1]) == ("1", "2")
