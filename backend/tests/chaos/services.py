"""PostgreSQL and Redis that a run alone uses: killed, paused, started again."""

import contextlib
import signal
from abc import ABC, abstractmethod
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg

from tests.processes import wait_until
from tooling.services.process import Process, answers
from tooling.services.servers import start_postgresql, start_rabbitmq, start_redis

BACK_SECONDS = 60.0


def signal_all(process: Process, number: signal.Signals) -> None:
    """Send a signal to a program and to whatever it has started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.popen.pid)
        for each in [parent, *parent.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(number)


class Service(ABC):
    """One program behind a URL."""

    def __init__(self, url: str, process: Process) -> None:
        self.url = url
        self.process = process

    def pause(self) -> None:
        """Stop it where it stands; its connections stay open."""
        signal_all(self.process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        signal_all(self.process, signal.SIGCONT)

    def kill(self) -> None:
        """End all of it as `kill -9` does."""
        parent = psutil.Process(self.process.popen.pid)
        family = [parent, *parent.children(recursive=True)]
        signal_all(self.process, signal.SIGKILL)
        self.process.popen.wait()
        psutil.wait_procs(family, timeout=10)

    def start_again(self) -> None:
        """Start it on what it left, and wait until it answers."""
        self.process.restart()
        what = f"{self.process.name} answers again"
        wait_until(self.is_answering, seconds=BACK_SECONDS, what=what)

    @abstractmethod
    def is_answering(self) -> bool:
        """Say whether it does its work."""

    def stop(self) -> None:
        """End it for certain."""
        self.resume()
        self.process.stop()


class Postgres(Service):
    """A PostgreSQL that loses nothing when it is killed; a power cut is not tried."""

    def __init__(self, folder: Path) -> None:
        running = start_postgresql(folder)
        super().__init__(running.url, running.processes[0])
        with psycopg.connect(self.url, autocommit=True) as connection:
            # The tests' servers answer before their log is written.
            connection.execute("ALTER ROLE postgres SET synchronous_commit = on")

    def is_answering(self) -> bool:
        """Say whether it takes connections."""
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True


class Redis(Service):
    """A Redis that keeps nothing: started again it is empty."""

    def __init__(self, folder: Path) -> None:
        running = start_redis(folder)
        super().__init__(running.url, running.processes[0])

    def is_answering(self) -> bool:
        """Say whether it answers a ping."""
        port = urlsplit(self.url).port or 0
        return answers(port, say=b"PING\r\n", expect=b"+PONG")


class RabbitMQ(Service):
    """A RabbitMQ with its port mapper, which stays."""

    def __init__(self, folder: Path) -> None:
        self._running = start_rabbitmq(folder)
        super().__init__(self._running.url, self._running.processes[0])

    def is_answering(self) -> bool:
        """Say whether it speaks AMQP."""
        port = urlsplit(self.url).port or 0
        return answers(port, say=b"AMQP\x00\x00\x09\x01", expect=b"\x01")

    def stop(self) -> None:
        """End it and its port mapper."""
        super().stop()
        self._running.stop()
