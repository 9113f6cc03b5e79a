"""Carillon as a process: started on a free port with data of its own, always ended."""

import contextlib
import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from tooling.services.ports import free_port

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
START_SECONDS = 45.0
STOP_SECONDS = 8.0

# Nothing of the environment in which the tests run decides how a server behaves.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


def wait_until(
    condition: Callable[[], bool],
    *,
    seconds: float,
    what: str,
    interval: float = 0.02,
) -> None:
    """Wait until `condition` holds.

    Raises: AssertionError naming `what` after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            message = f"not within {seconds:g} s: {what}"
            raise AssertionError(message)
        time.sleep(interval)


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Build the environment of a server or a command: `extra` and little else."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "READ_DOT_ENV": "0", "PYTHONUNBUFFERED": "1", **extra}


def manage(environment: Mapping[str, str], *arguments: str, seconds: float = 90) -> str:
    """Run a management command; say what it printed.

    Raises: AssertionError with its output when it fails.
    """
    done = subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        env=clean_environment(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        message = f"manage.py {arguments[0]} failed:\n{done.stdout}\n{done.stderr}"
        raise AssertionError(message)
    return done.stdout


class Server:
    """One `manage.py serve`: it can be started, ended in every way, started again.

    folder: holds the data (`data`) and the log of all its starts (`server.log`).
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        web_server: str = "uvicorn",
    ) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.log_file = folder / "server.log"
        self.web_server = web_server
        self.port = free_port()
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Say the variables of the server, which commands beside it need too."""
        return {
            **self._environment,
            "DATA_DIR": str(self.data_dir),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }

    @property
    def url(self) -> str:
        """Say where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Say the process id of the running server."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def use_data_of(self, prepared: Path) -> None:
        """Begin with a copy of a data folder that was prepared before."""
        shutil.copytree(prepared, self.data_dir, dirs_exist_ok=True)

    def manage(self, *arguments: str, seconds: float = 90) -> str:
        """Run a management command on this server's data."""
        return manage(self.environment, *arguments, seconds=seconds)

    def start(self) -> None:
        """Start and wait until it is ready; on a port taken meanwhile, on another."""
        for attempt in range(3):
            self._spawn()
            if self._is_ready_in_time():
                return
            self.kill()
            if attempt == 2 or "in use" not in self.log()[-3000:]:
                break
            self.port = free_port()
        message = f"the server did not start:\n{self.log()[-4000:]}"
        raise AssertionError(message)

    def _spawn(self) -> None:
        command = [sys.executable, str(MANAGE), "serve", "--server", self.web_server]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=clean_environment(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _is_ready_in_time(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while self.is_running() and time.monotonic() < deadline:
            if self.is_ready():
                return True
            time.sleep(0.05)
        return False

    def is_running(self) -> bool:
        """Say whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def is_ready(self) -> bool:
        """Say whether /readyz answers 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == http.HTTPStatus.OK
            except (OSError, http.client.HTTPException):
                return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server alone, as a terminal or an init would."""
        assert self._process is not None, "the server was not started"
        self._process.send_signal(number)

    def seconds_to_end(self, *, at_most: float) -> float:
        """Wait for the process to end; say how long that took.

        Raises: AssertionError when it is still there after `at_most` seconds.
        """
        assert self._process is not None, "the server was not started"
        begin = time.monotonic()
        try:
            self._process.wait(at_most)
        except subprocess.TimeoutExpired:
            message = f"the server still runs after {at_most:g} s"
            raise AssertionError(message) from None
        return time.monotonic() - begin

    def kill(self) -> None:
        """End it as `kill -9` does, with whatever it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it politely, then for certain."""
        if self.is_running():
            self.signal(signal.SIGTERM)
            with contextlib.suppress(AssertionError):
                self.seconds_to_end(at_most=STOP_SECONDS)
        self.kill()

    def log(self) -> str:
        """Read what the server has said so far."""
        return self.log_file.read_text(errors="replace")

    def memory(self) -> int:
        """Say the resident memory in bytes."""
        return int(psutil.Process(self.pid).memory_info().rss)
