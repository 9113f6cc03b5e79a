"""Find the programs of the services; as root on Debian install what is missing."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tooling.failure import Failure

POLICY = Path("/usr/sbin/policy-rc.d")
APT_SECONDS = 900


def postgresql() -> Path | None:
    """Find the folder with PostgreSQL's server programs, the newest first."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version)[::-1]
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def redis() -> Path | None:
    """Find the Redis server."""
    return _on_path("redis-server", "valkey-server")


def rabbitmq() -> Path | None:
    """Find RabbitMQ's own start script; Debian's wrapper would switch users."""
    script = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    return script if script.exists() else _on_path("rabbitmq-server")


def epmd() -> Path | None:
    """Find Erlang's port mapper."""
    inside = sorted(Path("/usr/lib/erlang").glob("erts-*/bin/epmd"))
    return _on_path("epmd") or (inside[-1] if inside else None)


def chromium() -> Path | None:
    """Find Chromium or a browser built from it."""
    return _on_path(
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    )


def nginx() -> Path | None:
    """Find nginx."""
    return _on_path("nginx")


def amqp_publish() -> Path | None:
    """Find the command line's own RabbitMQ client."""
    return _on_path("amqp-publish")


def _on_path(*names: str) -> Path | None:
    # Debian keeps some servers where a plain user's PATH does not look.
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = (shutil.which(name, path=path) for name in names)
    return next((Path(program) for program in found if program), None)


FINDERS: dict[str, Callable[[], Path | None]] = {
    "postgresql": postgresql,
    "redis": redis,
    "rabbitmq": rabbitmq,
    "chromium": chromium,
    "nginx": nginx,
    "amqp-publish": amqp_publish,
}
PACKAGES = {
    "postgresql": "postgresql",
    "redis": "redis-server",
    "rabbitmq": "rabbitmq-server",
    "chromium": "chromium fonts-liberation",  # without a font it draws boxes
    "nginx": "nginx-light",
    "amqp-publish": "amqp-tools",
}
VARIABLES = {
    "postgresql": "TEST_DATABASE_URL",
    "redis": "TEST_REDIS_URL",
    "rabbitmq": "TEST_RABBITMQ_URL",
    "chromium": "CHROMIUM",
    "nginx": "NGINX",
    "amqp-publish": "AMQP_PUBLISH",
}


def ensure(names: Sequence[str]) -> None:
    """Find every named program, or install it where that is allowed.

    Raises: Failure that says what to install.
    """
    if not missing(names):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Failure(complaint(missing(names)))
    # Another run may be installing the same: wait for it, then look again.
    with Path(tempfile.gettempdir(), "carillon-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if missing(names):
            _apt_install(_packages(missing(names)).split())
    if missing(names):
        raise Failure(complaint(missing(names)))


def missing(names: Sequence[str]) -> list[str]:
    """List the named services whose program is not on this machine."""
    return [name for name in names if FINDERS[name]() is None]


def complaint(names: Sequence[str]) -> str:
    """Say what to do about missing programs."""
    variables = " ".join(f"{VARIABLES[name]}=…" for name in names)
    return (
        f"The tests need {', '.join(names)}. "
        f"Install: sudo apt-get install {_packages(names)} "
        f"(or use what you have: {variables})."
    )


def _packages(names: Sequence[str]) -> str:
    return " ".join(PACKAGES[name] for name in names)


def _apt_install(packages: Sequence[str]) -> None:
    print(f"Installing {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with no_daemons():
        for arguments in (
            ["update", "-qq"],
            ["install", "-qq", "-y", "--no-install-recommends", *packages],
        ):
            subprocess.run(
                ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                timeout=APT_SECONDS,
                check=False,  # what counts is whether the programs are there
            )


@contextmanager
def no_daemons() -> Iterator[None]:
    """Keep packages from starting their servers while this lasts.

    A policy that is there already is the administrator's and stays.
    """
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    try:
        POLICY.chmod(0o755)
        yield
    finally:
        POLICY.unlink(missing_ok=True)
