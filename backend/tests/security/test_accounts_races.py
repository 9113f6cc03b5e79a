"""Many at once: failed logins are counted first, and a ticket opens one socket."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.processes import manage

_RACE = """
import json
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.test import RequestFactory

from apps.accounts import admission, people, services, tickets
from apps.accounts.admission import Credential
from apps.accounts.models import User, UserSession
from apps.common import clock

user = User.objects.create_user("alice", password="correct horse battery")
request = RequestFactory().post("/")

def wrong_login(_):
    services.verify_password("alice", "wrong", request=request, now=clock.now())

def use_ticket(ticket):
    admission.by_ticket(ticket)

def upsert(number):
    people.upsert_by_external_id("crm-7", {"first_name": f"name {number}"})

def outcome(job):
    task, argument = job
    try:
        task(argument)
    except Exception as error:
        return type(error).__name__
    finally:
        connection.close()
    return "done"

def race(task, arguments):
    with ThreadPoolExecutor(20) as threads:
        return list(threads.map(outcome, [(task, each) for each in arguments]))

UserSession.objects.create(
    session_key="s" * 32, user=user, expire_date=clock.now().replace(year=9999)
)
ticket = tickets.mint_ticket(
    user, credential=Credential("session", "s" * 32, None), now=clock.now()
)
print(json.dumps({
    "logins": race(wrong_login, range(50)),
    "tickets": race(use_ticket, [ticket] * 100),
    "upserts": race(upsert, range(20)),
    "users": User.objects.filter(external_id="crm-7").count(),
}))
"""


def _check_races(environment: dict[str, str]) -> None:
    manage(environment, "migrate", "--verbosity", "0")

    printed = manage(environment, "shell", "--verbosity", "0", "-c", _RACE)

    found = json.loads(printed.splitlines()[-1])
    assert Counter(found["logins"]) == {"LoginFailed": 5, "TooManyLogins": 45}
    assert Counter(found["tickets"]) == {"done": 1, "NotAdmitted": 99}
    assert Counter(found["upserts"]) == {"done": 20}
    assert found["users"] == 1


@pytest.mark.slow
def test_races_on_sqlite_let_five_logins_and_one_ticket_through(tmp_path: Path) -> None:
    _check_races({"DATA_DIR": str(tmp_path)})


@pytest.mark.services
def test_races_on_postgresql_let_five_logins_and_one_ticket_through(
    tmp_path: Path,
    fresh_postgres_database: str,
) -> None:
    _check_races(
        {
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": fresh_postgres_database,
            "DATABASE_POOL_SIZE": "24",
        },
    )
