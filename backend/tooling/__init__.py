"""What `make` runs: setting up, starting, and services for tests.

Imported before anything else here, and by Pythons that cannot even read the rest: no
grammar newer than 3.6 in this file.
"""

import sys

OLDEST_PYTHON = (3, 11)


def check_python(version: "tuple[int, ...]") -> None:
    """Refuse an interpreter that is too old, in one sentence.

    Raises: SystemExit.
    """
    if version < OLDEST_PYTHON:
        found = ".".join(map(str, version[:3]))
        wanted = ".".join(map(str, OLDEST_PYTHON))
        sys.exit(
            f"Carillon needs Python {wanted} or newer and this is {found}; install a "
            f"newer one and name it: make run PYTHON=python{wanted}"
        )


check_python(sys.version_info[:3])
