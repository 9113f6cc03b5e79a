"""Who runs on which core, so that the generator does not take from what it measures."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

CORES = sorted(os.sched_getaffinity(0))
# What is measured, and Redis.
SERVER = CORES[0]
# What generates the load, and PostgreSQL and RabbitMQ.
GENERATOR = CORES[1 % len(CORES)]


def description() -> str:
    """Say how the cores are divided."""
    if len(CORES) == 1:
        return "one core for everything: figures and thresholds mean little"
    return (
        f"server and Redis on core {SERVER}; generator, PostgreSQL and RabbitMQ "
        f"on core {GENERATOR}"
    )


@contextlib.contextmanager
def on(core: int) -> Iterator[None]:
    """Start processes on a core: they inherit it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def move_this_process(core: int) -> None:
    """Move all threads of this process, and nothing that it started."""
    _move(os.getpid(), core)


def move(pids: Iterable[int], core: int) -> None:
    """Move running processes with what they started."""
    for pid in pids:
        process = psutil.Process(pid)
        for each in [process, *process.children(recursive=True)]:
            _move(each.pid, core)


def _move(pid: int, core: int) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), {core})
