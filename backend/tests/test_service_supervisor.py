"""Test services are found, private, and gone however the run ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from tooling.failure import Failure
from tooling.services import plugin, programs

BACKEND = Path(__file__).parent.parent
CLIENT = """
import os, sys
from tooling.services.client import Services
Services().start(["redis"])
print(os.environ["TEST_REDIS_URL"], flush=True)
sys.stdin.read()
"""


def listens(url: str) -> bool:
    target = urlsplit(url)
    assert target.hostname
    assert target.port
    try:
        socket.create_connection((target.hostname, target.port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until_gone(url: str) -> bool:
    deadline = time.monotonic() + 10
    while listens(url):
        if time.monotonic() > deadline:
            return False
    return True


def start(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(BACKEND)}
    environment.pop("TEST_REDIS_URL", None)
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.services
def test_services_end_with_the_input_of_their_supervisor() -> None:
    with start("-m", "tooling.services.supervisor", "redis") as supervisor:
        assert supervisor.stdout
        url = json.loads(supervisor.stdout.readline())["urls"]["redis"]
        was_there = listens(url)

        supervisor.communicate(timeout=10)

    assert was_there
    assert not listens(url)
    assert supervisor.returncode == 0


@pytest.mark.services
def test_services_end_when_the_run_is_killed() -> None:
    with start("-c", CLIENT) as run:
        assert run.stdout
        url = run.stdout.readline().strip()
        was_there = listens(url)

        run.send_signal(signal.SIGKILL)
        run.wait(timeout=10)

    assert was_there
    assert wait_until_gone(url)


def test_a_missing_program_is_a_failure_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(programs.FINDERS, "redis", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(Failure) as refusal:
        programs.ensure(["redis"])

    assert str(refusal.value) == (
        "The tests need redis. Install: sudo apt-get install redis-server "
        "(or use what you have: TEST_REDIS_URL=…)."
    )


def test_what_is_installed_starts_no_daemon_and_the_policy_is_removed_on_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy-rc.d"
    monkeypatch.setattr(programs, "POLICY", policy)

    answers: list[int] = []

    def install_until_interrupted() -> None:
        with programs.no_daemons():
            answers.append(subprocess.run([policy], check=False).returncode)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install_until_interrupted()

    assert answers == [101]
    assert not policy.exists()


def test_a_policy_of_the_administrator_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("theirs")
    monkeypatch.setattr(programs, "POLICY", policy)

    with programs.no_daemons():
        pass

    assert policy.read_text() == "theirs"


def collected(file: str, *, fixtures: tuple[str, ...] = (), marker: str = "") -> Any:
    markers = [marker]
    return SimpleNamespace(
        path=Path(file),
        fixturenames=fixtures,
        markers=markers,
        add_marker=markers.append,
        get_closest_marker=lambda wanted: wanted if wanted in markers else None,
    )


def test_browser_tests_come_last_and_users_of_a_service_are_marked() -> None:
    beside_a_page = collected("page.py")
    page = collected("page.py", fixtures=("chromium",), marker="browser")
    query = collected("query.py", fixtures=("postgres_url",))
    plain = collected("plain.py")
    items = [beside_a_page, page, query, plain]

    for _ in plugin.pytest_collection_modifyitems(items):
        pass

    assert items == [query, plain, beside_a_page, page]
    assert "services" in query.markers
    assert "services" not in page.markers + plain.markers
