"""Ask for services, get them as environment variables."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable

from tooling.failure import Failure
from tooling.paths import BACKEND
from tooling.services.programs import VARIABLES

STOP_SECONDS = 20.0


class Services:
    """The services that one run started; those named by the environment are kept."""

    def __init__(self) -> None:
        self.supervisors: list[subprocess.Popen[str]] = []
        self.variables: list[str] = []

    def start(self, names: Iterable[str]) -> None:
        """Start what the environment does not name yet, and name it there.

        Raises: Failure.
        """
        wanted = [name for name in names if not os.environ.get(VARIABLES[name])]
        if not wanted:
            return
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "tooling.services.supervisor", *wanted],
            cwd=BACKEND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C ends the tests first, then these
        )
        self.supervisors.append(supervisor)
        assert supervisor.stdout is not None  # noqa: S101  (asked for above)
        answer = json.loads(supervisor.stdout.readline() or "{}")
        if "urls" not in answer:
            raise Failure(answer.get("error", "The test services did not start."))
        for name, url in answer["urls"].items():
            os.environ[VARIABLES[name]] = url
            self.variables.append(VARIABLES[name])

    def stop(self) -> None:
        """End what was started and take it out of the environment."""
        for name in self.variables:
            os.environ.pop(name, None)
        for supervisor in self.supervisors:
            try:
                supervisor.communicate(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                supervisor.terminate()
                supervisor.communicate()
        self.variables.clear()
        self.supervisors.clear()
