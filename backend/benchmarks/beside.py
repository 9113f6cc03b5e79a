"""Runs a program of the benchmarks in a process beside the one that measures."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.processes import wait_until
from tooling.services.ports import free_port

START_SECONDS = 20.0


@contextmanager
def running(module: str, *arguments: str) -> Iterator[int]:
    """Run `python -m MODULE ARGUMENTS PORT` until the context ends; say the port.

    Raises: AssertionError when nothing listens on it within 20 s.
    """
    port = free_port()
    command = [sys.executable, "-m", module, *arguments, str(port)]
    process = subprocess.Popen(command)
    try:
        what = f"{module} listens on {port}"
        wait_until(lambda: _listens(port), seconds=START_SECONDS, what=what)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
