"""Every documented operation takes whatever it is sent without an error of its own.

https://schemathesis.readthedocs.io/ reads the schema of a running server and makes up
requests, right and wrong ones, from a fixed seed.
"""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conformance.door import Door, Login
from tests.processes import clean_environment
from tests.supply import Running

SEED = 20_261_120
# Alone they take a minute or so; beside other tests on a busy machine, several.
LIMIT_SECONDS = 500
EXAMPLES = 10

# What ends the very login that the run is made with, tried by the other runs.
ENDS_A_LOGIN = ("/api/auth/logout/", "/api/auth/logout-all/", "/api/user/password/")
ADMIN = Login("admin", "admin123")


def run_schemathesis(
    running: Running,
    headers: Mapping[str, str],
    *options: str,
    folder: Path,
    phases: str = "examples,fuzzing",
) -> None:
    """Send made-up requests; insist that none is answered with a 5xx.

    phases: "coverage" adds every boundary of every parameter, thousands of requests.
    """
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        f"{running.server.url}/docs.json",
        *("--checks", "not_a_server_error", "--seed", str(SEED)),
        *("--phases", phases, "--max-examples", str(EXAMPLES)),
        *("--generation-database", "none", "--no-color", "--warnings", "off"),
        *(f"--header={name}: {value}" for name, value in headers.items()),
        *options,
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment({}),
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    assert "Traceback" not in running.server.log()


def run_all(running: Running, folder: Path, *, phases: str) -> None:
    """Run as an administrator, then as a service."""
    door = Door(running.deployment)
    token, _ = door.log_in(ADMIN)
    excluded = [f"--exclude-path={path}" for path in ENDS_A_LOGIN]
    person = {"Authorization": f"Token {token}"}
    run_schemathesis(running, person, *excluded, folder=folder, phases=phases)
    service = dict(running.deployment.service.headers)
    run_schemathesis(running, service, folder=folder)
    ending = door.log_in(running.deployment.logins[0])[0]
    included = [f"--include-path={path}" for path in ENDS_A_LOGIN]
    run_schemathesis(
        running,
        {"Authorization": f"Token {ending}"},
        *included,
        folder=folder,
    )
