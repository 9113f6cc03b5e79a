"""Build the live page, with the machine's Node or one from the package index."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tooling.commands import run_quietly
from tooling.install import ensure_requirements
from tooling.paths import FRONTEND, VENV
from tooling.stamps import Stamp, fingerprint

BUILD = FRONTEND / "dist"
_NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results"}


def is_usable_node(version: str) -> bool:
    """Say whether Vite runs on this Node, given the output of `node --version`."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+.*", version.strip())
    if not match:
        return False
    major, minor = int(match[1]), int(match[2])
    # https://vite.dev/guide/: 20.19+ or 22.12+, no odd versions between them.
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def node_environment() -> dict[str, str]:
    """Say the environment in which `npm` is a usable one; install it if needed."""
    environment = dict(os.environ)
    if not _machine_has_node():
        ensure_requirements("node")
        environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"
    return environment


def _machine_has_node() -> bool:
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    answer = subprocess.run(
        [node, "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    return is_usable_node(answer.stdout)


def ensure_packages() -> dict[str, str]:
    """Install the frontend's packages if the lock changed; say npm's environment."""
    environment = node_environment()
    lock = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
    stamp = Stamp(FRONTEND / "node_modules" / ".carillon.stamp")
    wanted = fingerprint(lock)
    if not stamp.says(wanted):
        print("Installing the frontend's packages", flush=True)
        run_quietly(
            # Short retries: without a network the sentence comes within seconds.
            [
                *("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"),
                *("--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=8000"),
            ],
            folder=FRONTEND,
            purpose="install the frontend's packages",
            environment=environment,
        )
        stamp.write(wanted)
    return environment


def ensure_build() -> None:
    """Build the frontend if its sources changed."""
    stamp = Stamp(VENV / "carillon-frontend.stamp")
    wanted = fingerprint(sources())
    if BUILD.is_dir() and stamp.says(wanted):
        return
    environment = ensure_packages()
    print("Building the frontend", flush=True)
    run_quietly(
        ["npm", "run", "--silent", "build"],
        folder=FRONTEND,
        purpose="build the frontend",
        environment=environment,
    )
    stamp.write(wanted)


def sources() -> list[Path]:
    """List what the build is made from."""
    return [
        path
        for path in FRONTEND.iterdir()
        if path.name not in _NOT_SOURCES and path.suffix != ".tsbuildinfo"
    ]


def npm(arguments: Sequence[str]) -> int:
    """Run npm in the frontend's folder; say its exit code."""
    environment = ensure_packages()
    done = subprocess.run(
        ["npm", *arguments], cwd=FRONTEND, env=environment, check=False
    )
    return done.returncode
