"""The start scripts of compose/ as processes on this machine."""

import contextlib
import http.client
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.processes import clean_environment, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent.parent
COMPOSE = ROOT / "compose"
START = COMPOSE / "start"
HEALTH = COMPOSE / "health"
START_SECONDS = 45.0
STOP_SECONDS = 8.0


def run_script(
    script: Path,
    environment: Mapping[str, str],
    *arguments: str,
    seconds: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    return subprocess.run(
        [str(script), *arguments],
        env=clean_environment(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def is_answering(port: int, path: str) -> bool:
    """Say whether this path answers 2xx."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        try:
            connection.request("GET", path)
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False


class Part:
    """One start script, run as compose would run it; it can be started again."""

    def __init__(
        self,
        name: str,
        *,
        folder: Path,
        environment: Mapping[str, str],
        label: str = "",
    ) -> None:
        self.name = name
        self.environment = dict(environment)
        self.log_file = folder / f"{label or name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, output: int | None = None) -> None:
        """Start it, without waiting for anything.

        output: what it writes to in place of its log file.
        """
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [str(START / self.name)],
                env=clean_environment(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log if output is None else output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_until_answering(
        self, port: int, path: str, *, output: int | None = None
    ) -> None:
        """Start it and wait until this path answers.

        Raises: AssertionError with its output.
        """
        self.start(output=output)
        try:
            wait_until(
                lambda: not self.is_running() or is_answering(port, path),
                seconds=START_SECONDS,
                what=f"{self.name} answers",
                interval=0.05,
            )
        finally:
            assert self.is_running(), f"{self.name} ended:\n{self.log()[-3000:]}"

    def is_running(self) -> bool:
        """Say whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def is_healthy(self) -> bool:
        """Say what compose's health check says."""
        return run_script(HEALTH / self.name, self.environment).returncode == 0

    def terminate(self, *, within: float) -> int:
        """Send SIGTERM as `docker stop` does; say the exit code.

        Raises: AssertionError when it still runs after `within` seconds.
        """
        assert self._process is not None, f"{self.name} was not started"
        self._process.send_signal(signal.SIGTERM)
        return self.exit_code(within=within)

    def exit_code(self, *, within: float) -> int:
        """Wait for its end.

        Raises: AssertionError when it still runs after `within` seconds.
        """
        assert self._process is not None, f"{self.name} was not started"
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            message = (
                f"{self.name} still runs after {within:g} s:\n{self.log()[-2000:]}"
            )
            raise AssertionError(message) from None

    def children(self) -> list[psutil.Process]:
        """List the processes that it has started."""
        assert self._process is not None, f"{self.name} was not started"
        return psutil.Process(self._process.pid).children()

    def pause_children(self) -> None:
        """Stop what it has started, as SIGSTOP does."""
        for child in self.children():
            child.suspend()

    def kill(self) -> None:
        """End it and whatever it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def log(self) -> str:
        """Read what it has said so far."""
        return self.log_file.read_text(errors="replace")
