"""Run one command while every test service is there."""

import os
import subprocess
import sys
from collections.abc import Sequence

from tooling.failure import Failure
from tooling.paths import ROOT
from tooling.services.client import Services
from tooling.services.programs import VARIABLES


def main(command: Sequence[str]) -> int:
    """Start the services, run the command in the checkout, say its exit code."""
    services = Services()
    try:
        services.start(VARIABLES)
        os.chdir(ROOT)
        with subprocess.Popen(command) as running:
            return _result(running)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        services.stop()


def _result(running: subprocess.Popen[bytes]) -> int:
    """Wait; Ctrl-C reached the command as well, which says how it ends."""
    while True:
        try:
            code = running.wait()
        except KeyboardInterrupt:
            continue
        return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
