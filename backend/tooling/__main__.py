"""The command behind the Makefile; it needs the standard library alone."""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

from tooling import frontend
from tooling.address import check_is_free, read_dot_env, settle_environment
from tooling.failure import Failure
from tooling.install import ensure_requirements, ensure_venv
from tooling.lock import lock
from tooling.paths import BACKEND, ROOT, VENV_PYTHON

USAGE = "usage: python -m tooling run | install [base|dev] | frontend | npm … | lock"


def run() -> NoReturn:
    """Set everything up and become the server, so that signals reach it directly."""
    address = settle_environment(read_dot_env(ROOT / ".env"))
    check_is_free(address)
    ensure_venv()
    with ThreadPoolExecutor() as both:  # pip and npm wait for the network in turn
        building = both.submit(frontend.ensure_build)
        ensure_requirements("base")
        building.result()
    os.chdir(BACKEND)
    os.execv(VENV_PYTHON, [str(VENV_PYTHON), "-m", "tooling.start"])  # noqa: S606


def main(arguments: Sequence[str]) -> int:
    """Run one command; say the exit code."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "run":
        run()
    if command == "install":
        ensure_requirements(rest[0] if rest else "base")
    elif command == "frontend":
        ensure_venv()
        frontend.ensure_build()
    elif command == "lock":
        lock()
    elif command == "npm":
        ensure_venv()
        return frontend.npm(rest)
    else:
        print(USAGE, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
