"""Make `.venv` and install the pinned requirements into it."""

import importlib.util
import subprocess
import sys

from tooling import OLDEST_PYTHON
from tooling.commands import run_quietly
from tooling.failure import Failure
from tooling.paths import REQUIREMENTS, ROOT, VENV, VENV_PYTHON
from tooling.stamps import Stamp, fingerprint

# One line only from an environment that this interpreter may use as it stands.
_PROBE = (
    "import sys, pip; "
    f"assert sys.version_info >= {OLDEST_PYTHON}; "
    "assert sys.prefix != sys.base_prefix; "
    "print('%d.%d' % sys.version_info[:2])"
)


def check_venv_module() -> None:
    """Refuse an interpreter without the parts of `venv` that Debian packs apart.

    Raises: Failure.
    """
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise Failure(
            "Python's venv module is missing; install it with: "
            "sudo apt-get install python3-venv"
        )


def ensure_venv() -> str:
    """Make `.venv` unless a working one is there; say its Python version."""
    version = _venv_version()
    if version:
        return version
    check_venv_module()
    print("Creating .venv", flush=True)
    run_quietly(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        folder=ROOT,
        purpose="create .venv",
    )
    version = _venv_version()
    if not version:
        raise Failure("The new .venv does not work; delete it and run the same again.")
    return version


def _venv_version() -> str:
    if not VENV_PYTHON.exists():
        return ""
    probe = subprocess.run(
        [VENV_PYTHON, "-c", _PROBE],
        capture_output=True,
        text=True,
        check=False,
    )
    return probe.stdout.strip() if probe.returncode == 0 else ""


def ensure_requirements(name: str) -> None:
    """Install `requirements/<name>.txt` if it changed since the last time.

    Raises: Failure.
    """
    version = ensure_venv()
    lock = REQUIREMENTS / f"{name}.txt"
    stamp = Stamp(VENV / f"carillon-{name}.stamp")
    wanted = fingerprint([lock], extra=version)
    if stamp.says(wanted):
        return
    print(f"Installing requirements/{lock.name} (a minute at most)", flush=True)
    pip = [str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    run_quietly(
        [*pip, "install", "--quiet", "--require-hashes", "--requirement", str(lock)],
        folder=ROOT,
        purpose=f"install requirements/{lock.name}",
    )
    stamp.write(wanted)
