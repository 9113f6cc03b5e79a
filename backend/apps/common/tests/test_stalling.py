"""A process that has stopped working ends itself; one that works does not."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery.signals import heartbeat_sent
from celery.worker import state
from django.core.management import CommandError, call_command

from apps.common import clock, status, tasks
from apps.common.models import SignOfLife
from apps.common.stalling import EXIT_CODE, LOOKS, Guard

PATIENCE_SECONDS = 0.2


class Ending:
    """Takes the place of the process's end."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.came = threading.Event()

    def __call__(self, part: str) -> None:
        self.parts.append(part)
        self.came.set()


@pytest.fixture
def ending() -> Ending:
    return Ending()


@pytest.fixture
def guard(ending: Ending) -> Iterator[Guard]:
    guard = Guard("worker", patience_seconds=PATIENCE_SECONDS, end=ending)
    yield guard
    guard.stop()


def test_a_part_without_signs_is_ended(guard: Guard, ending: Ending) -> None:
    guard.start()

    assert ending.came.wait(10)
    assert ending.parts == ["worker"]


class Looks(threading.Event):
    """Takes the place of the time from look to look, so that no machine is too slow."""

    def __init__(self, signs: Iterable[bool], guard: Guard) -> None:
        super().__init__()
        self._signs, self._guard = iter(signs), guard

    def wait(self, timeout: float | None = None) -> bool:
        """Let the part show life, or not; stop after the last look."""
        has_sign = next(self._signs, None)
        if has_sign:
            self._guard.sign()
        return has_sign is None


@pytest.mark.parametrize(("missed", "ended"), [(LOOKS - 1, []), (LOOKS, ["worker"])])
def test_a_part_that_shows_life_between_twenty_looks_goes_on(
    *, guard: Guard, ending: Ending, missed: int, ended: list[str]
) -> None:
    guard._stopped = Looks([True, *[False] * missed] * 4, guard)

    guard._watch()

    assert ending.parts == ended


def threads_of_guards() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "guard"}


def test_a_part_that_is_about_to_end_is_left_alone(ending: Ending) -> None:
    guard = Guard("worker", patience_seconds=60, end=ending)
    others = threads_of_guards()
    guard.start()
    [thread] = threads_of_guards() - others

    guard.stop()
    thread.join(20)

    assert not thread.is_alive()
    assert ending.parts == []


def test_the_sign_of_a_forked_child_counts(guard: Guard) -> None:
    before = guard._last_sign[:]

    # In a process without threads, which pytest's is not.
    code = (
        "import os, sys; from apps.common.stalling import Guard\n"
        "guard = Guard('x', patience_seconds=9); before = guard._last_sign[:]\n"
        "child = os.fork()\n"
        "if child == 0: guard.sign(); os._exit(0)\n"
        "os.waitpid(child, 0); sys.exit(before == guard._last_sign[:])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, env=_environment())

    assert done.returncode == 0
    assert guard._last_sign[:] == before


def test_the_end_says_where_every_thread_stands() -> None:
    code = (
        "import threading; from apps.common.stalling import Guard\n"
        "Guard('beat', patience_seconds=0.1).start()\n"
        "threading.Event().wait(60)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=_environment(),
        timeout=30,
        check=False,
    )

    assert done.returncode == EXIT_CODE
    assert done.stderr.startswith("carillon: beat showed no life")
    assert "in wait" in done.stderr


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path)}


def test_a_full_worker_is_alive_as_long_as_its_loop_is(
    monkeypatch: pytest.MonkeyPatch,
    guard: Guard,
) -> None:
    monkeypatch.setattr(tasks, "_worker_guard", guard)
    active: set[object] = set()
    monkeypatch.setattr(state, "active_requests", active)
    monkeypatch.setattr(heartbeat_sent, "receivers", [])
    consumer: Any = SimpleNamespace(pool=SimpleNamespace(num_processes=1))
    tasks._guard_worker(consumer)
    before = guard._last_sign[:]

    heartbeat_sent.send(sender=None)
    with_room = guard._last_sign[:]
    active.add(object())
    heartbeat_sent.send(sender=None)

    assert with_room == before
    assert guard._last_sign[:] != before


@pytest.mark.django_db
def test_a_young_sign_of_life_passes_the_check() -> None:
    status.sign("worker")

    call_command("check_sign_of_life", "worker", verbosity=0)


@pytest.mark.django_db
@pytest.mark.parametrize("age_seconds", [None, 61])
def test_a_missing_or_old_sign_of_life_fails_the_check(
    age_seconds: float | None,
) -> None:
    if age_seconds is not None:
        seen_at = clock.now() - timedelta(seconds=age_seconds)
        SignOfLife.objects.create(part="beat", seen_at=seen_at)

    with pytest.raises(CommandError, match="beat has shown no life for 60 s"):
        call_command("check_sign_of_life", "beat")
