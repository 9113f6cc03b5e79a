"""Start a server program, wait until it answers, and end it for certain."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tooling.failure import Failure

START_SECONDS = 60.0
STOP_SECONDS = 5.0


class Process:
    """A program in a process group of its own, with its output in a file."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = Path(command[0]).name
        self.stop_signal = stop_signal
        self.log = folder / f"{self.name}.log"
        self._command = command
        self._environment = {**os.environ, **(environment or {})}
        self._user = user
        self.popen = self._started()

    def restart(self) -> None:
        """Start it again as it was started, on what it left; it has ended."""
        self.popen = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as output:
            return subprocess.Popen(
                self._command,
                cwd=self.log.parent,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._user,
                extra_groups=[] if self._user else None,
            )

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Wait until the program answers.

        Raises: Failure with the end of its output when it does not.
        """
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if self.popen.poll() is not None or time.monotonic() > deadline:
                output = self.log.read_text(errors="replace")[-2000:]
                message = f"{self.name} did not start; it says:\n{output}"
                raise Failure(message)
            time.sleep(0.02)

    def stop(self) -> None:
        """End the program and what it started."""
        if self.popen.poll() is None:
            self.popen.send_signal(self.stop_signal)
            try:
                self.popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()


def answers(port: int, *, say: bytes, expect: bytes) -> bool:
    """Say whether a server on this loopback port answers `say` with `expect`."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(say)
            return connection.recv(len(expect)) == expect
    except OSError:
        return False
