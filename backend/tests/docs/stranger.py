"""A newcomer: clones the repository and does in an empty folder as the README says."""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil

from config import environment
from tests.conformance.web import Web
from tests.docs.pages import ROOT, Block, blocks
from tests.processes import wait_until
from tooling.services.ports import free_port

PASSWORD = "password123"
COLD_SECONDS = 200.0
READMES_ADDRESS = "127.0.0.1:8000"
SAYS_WHERE = "Carillon starts at"
NOT_A_STRANGERS = re.compile(
    r"(PYTHON|PYTEST|VIRTUAL_ENV|DJANGO|MAKE|MFLAGS|TEST_|COV_|COVERAGE|NODE_|npm_)"
)


class Stranger:
    """A clone of HEAD, what is typed into it, and the server that runs there."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "carillon"
        self.data_dir = folder / "data"
        self.port = free_port()
        self._log = folder / "make-run.log"
        self._run: subprocess.Popen[bytes] | None = None
        subprocess.run(
            ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(self.clone)],
            check=True,
        )

    @property
    def url(self) -> str:
        """Say where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def web(self) -> Web:
        """Ask the server over HTTP without a login."""
        return Web(self.url, {})

    @property
    def printed(self) -> str:
        """Return what the last `make run` has printed."""
        return self._log.read_text(errors="replace")

    def block(self, name: str) -> str:
        """Return a block of the clone's README, for the port in use."""
        found: list[Block] = blocks(self.clone / "README.md")
        [text] = [each.text for each in found if each.name == name]
        return text.replace(READMES_ADDRESS, f"127.0.0.1:{self.port}")

    def start(self) -> None:
        """Type what the README says to run it, with a port and a data folder."""
        command = self.block("run").strip()
        with self._log.open("wb") as log:
            self._run = subprocess.Popen(
                ["sh", "-c", f"{command} PORT={self.port} DATA_DIR={self.data_dir}"],
                cwd=self.clone,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(
            lambda: self._is_ready() or not self._is_running(),
            seconds=COLD_SECONDS,
            what="make run",
            interval=0.1,
        )
        assert self._is_running(), self.printed

    def interrupt(self) -> float:
        """Press Ctrl-C; say how many seconds the whole process group took to end."""
        assert self._run is not None
        begin = time.monotonic()
        os.killpg(self._run.pid, signal.SIGINT)
        self._run.wait(20)
        return time.monotonic() - begin

    def kill(self) -> None:
        """End whatever is left of it."""
        if self._run is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._run.pid, signal.SIGKILL)
            self._run.wait()

    def processes(self) -> list[psutil.Process]:
        """List what `make run` started, itself included."""
        assert self._run is not None
        return [
            process
            for process in psutil.process_iter()
            if self._group(process.pid) == self._run.pid
        ]

    def shell(self, text: str) -> str:
        """Type commands in the clone; return what they printed.

        Raises: AssertionError with the output when they fail.
        """
        done = subprocess.run(
            ["sh", "-ec", text],
            cwd=self.clone,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def background(self, *command: str, output: Path) -> subprocess.Popen[bytes]:
        """Start a command in the clone that goes on; it writes into a file."""
        with output.open("wb") as file:
            return subprocess.Popen(
                command,
                cwd=self.clone,
                env=self._environment(),
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def as_user(self, username: str, password: str = PASSWORD) -> Web:
        """Call as a demo user."""
        login = {"username": username, "password": password}
        token = self.web.post("/api/auth/token/", login)["token"]
        return self.web.signed(Authorization=f"Token {token}")

    def inbox(self, username: str) -> list[dict[str, Any]]:
        """Read a demo user's inbox over HTTP."""
        answer = self.as_user(username).get("/api/user/notifications/")
        rows: list[dict[str, Any]] = answer["results"]
        return rows

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in environment.KNOWN and not NOT_A_STRANGERS.match(name)
        }
        path = [
            folder
            for folder in kept["PATH"].split(os.pathsep)
            if not Path(folder).is_relative_to(ROOT)
        ]
        # Last, and only for `node` where the machine has none.
        kept["PATH"] = os.pathsep.join([*path, str(self.clone / ".venv" / "bin")])
        return {**kept, "PORT": str(self.port), "DATA_DIR": str(self.data_dir)}

    def _is_running(self) -> bool:
        return self._run is not None and self._run.poll() is None

    def _is_ready(self) -> bool:
        if SAYS_WHERE not in self.printed:
            return False
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.web.request("GET", "/readyz").status == HTTPStatus.OK
        return False

    @staticmethod
    def _group(pid: int) -> int | None:
        try:
            return os.getpgid(pid)
        except ProcessLookupError:
            return None
