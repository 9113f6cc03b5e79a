"""Pin `requirements/*.in` with hashes, for every platform and without any host."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tooling import OLDEST_PYTHON
from tooling.commands import run_quietly
from tooling.install import ensure_venv
from tooling.paths import REQUIREMENTS, ROOT, VENV, VENV_PYTHON

# In this order: the later ones are constrained by base.txt.
NAMES = ("base", "production", "dev", "node")


def lock() -> None:
    """Write every `requirements/*.txt`; UPGRADE=1 also takes newer releases."""
    ensure_venv()
    with tempfile.TemporaryDirectory(prefix="carillon-lock-") as folder:
        uv = _uv(Path(folder))
        for name in NAMES:
            print(f"Locking requirements/{name}.txt", flush=True)
            run_quietly(
                [uv, *_compile_arguments(name)],
                folder=REQUIREMENTS,
                purpose=f"lock requirements/{name}.txt",
            )


def _compile_arguments(name: str) -> list[str]:
    arguments = [
        *("pip", "compile", f"{name}.in", "--output-file", f"{name}.txt"),
        *("--universal", "--python-version", ".".join(map(str, OLDEST_PYTHON))),
        *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"),
        *("--no-header", "--no-annotate", "--quiet"),
    ]
    if os.environ.get("UPGRADE") == "1":
        arguments.append("--upgrade")
    return arguments


def _uv(folder: Path) -> str:
    own = VENV / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if found:
        return found
    subprocess.run([VENV_PYTHON, "-m", "venv", folder], cwd=ROOT, check=True)
    run_quietly(
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"],
        folder=ROOT,
        purpose="install uv",
    )
    return str(folder / "bin" / "uv")
