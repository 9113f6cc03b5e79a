"""How each server is started for tests: fast, private, on loopback, kept nowhere."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tooling.failure import Failure
from tooling.services import programs
from tooling.services.ports import free_port
from tooling.services.process import Process, answers


@dataclass(frozen=True)
class Running:
    """What tests are told, and the processes to end in this order."""

    url: str
    processes: tuple[Process, ...] = ()

    def stop(self) -> None:
        """End the service."""
        for process in self.processes:
            process.stop()


def start_postgresql(folder: Path) -> Running:
    """Start PostgreSQL without any of the care for data on disk."""
    bin_folder = Path(_found(programs.postgresql))
    port, user = free_port(), _postgres_user()
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    made = subprocess.run(
        [
            str(bin_folder / "initdb"),
            f"--pgdata={data}",
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
        ],
        cwd=folder,
        user=user,
        extra_groups=[] if user else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        message = f"initdb failed; it says:\n{made.stderr[-2000:]}"
        raise Failure(message)
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "300",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        # Containers often have a /dev/shm that is too small.
        "dynamic_shared_memory_type": "mmap",
    }
    process = Process(
        [
            str(bin_folder / "postgres"),
            *("-D", str(data), "-p", str(port)),
            *(f"--{name}={value}" for name, value in options.items()),
        ],
        folder=folder,
        user=user,
        stop_signal=signal.SIGQUIT,  # at once; backends leave the process group
    )
    ready = [str(bin_folder / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    process.wait_until(lambda: subprocess.run(ready, check=False).returncode == 0)
    return Running(f"postgres://postgres@127.0.0.1:{port}/postgres", (process,))


def _postgres_user() -> str | None:
    """Say as whom to run: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def start_redis(folder: Path) -> Running:
    """Start Redis without a file of its data."""
    port = free_port()
    process = Process(
        [
            *(_found(programs.redis), "--port", str(port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "no", "--dir", str(folder)),
        ],
        folder=folder,
    )
    process.wait_until(lambda: answers(port, say=b"PING\r\n", expect=b"+PONG"))
    return Running(f"redis://127.0.0.1:{port}/0", (process,))


def start_rabbitmq(folder: Path) -> Running:
    """Start RabbitMQ with a port mapper of its own.

    Source: https://www.rabbitmq.com/docs/configure#supported-environment-variables
    """
    amqp, distribution, mapper = free_port(), free_port(), free_port()
    (folder / "enabled_plugins").write_text("[].\n")
    # Small disks are no reason to stop accepting a test's messages.
    (folder / "rabbitmq.conf").write_text("disk_free_limit.absolute = 1MB\n")
    environment = {
        "HOME": str(folder),  # Erlang's cookie
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"carillon{amqp}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(amqp),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        # Makes the script become the broker, where it would else stay its parent.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
    # Ours and in the foreground: the one Erlang starts itself would outlive it.
    port_mapper = Process(
        [_found(programs.epmd)], folder=folder, environment=environment
    )
    broker = Process(
        [_found(programs.rabbitmq)],
        folder=folder,
        environment=environment,
        stop_signal=signal.SIGKILL,  # nothing to save, and a polite end takes seconds
    )
    running = Running(f"amqp://guest:guest@127.0.0.1:{amqp}/%2F", (broker, port_mapper))
    try:
        broker.wait_until(
            lambda: answers(amqp, say=b"AMQP\x00\x00\x09\x01", expect=b"\x01")
        )
    except BaseException:
        running.stop()
        raise
    return running


def find_chromium(folder: Path) -> Running:
    """Say where Chromium is; every browser test starts its own."""
    return Running(_found(programs.chromium))


def find_nginx(folder: Path) -> Running:
    """Say where nginx is; tests start it with the configuration they look at."""
    return Running(_found(programs.nginx))


def _found(finder: Callable[[], Path | None]) -> str:
    program = finder()
    if program is None:
        message = f"{finder.__name__} is not installed."
        raise Failure(message)
    return str(program)


def find_amqp_publish(folder: Path) -> Running:
    """Say where the RabbitMQ client of the command line is."""
    return Running(_found(programs.amqp_publish))


STARTERS: dict[str, Callable[[Path], Running]] = {
    "postgresql": start_postgresql,
    "redis": start_redis,
    "rabbitmq": start_rabbitmq,
    "chromium": find_chromium,
    "nginx": find_nginx,
    "amqp-publish": find_amqp_publish,
}
