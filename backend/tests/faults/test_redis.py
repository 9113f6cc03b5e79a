"""Redis may go and come: sockets stay, and nothing is later than the poll."""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance.door import Deployment, Door
from tests.supply import Running
from tooling.services import programs
from tooling.services.ports import free_port
from tooling.services.process import Process, answers

pytestmark = pytest.mark.services

ARRIVES_SECONDS = 6.0
SEND_SECONDS = 1.5
EACH_PHASE = 3


class Redis:
    """A Redis that a test kills and starts again on the same port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Say where it answers."""
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, empty."""
        program = programs.redis()
        assert program is not None
        command = [str(program), "--port", str(self._port), "--bind", "127.0.0.1"]
        nothing_kept = ["--save", "", "--appendonly", "no"]
        self._process = Process([*command, *nothing_kept], folder=self._folder)
        self._process.wait_until(
            lambda: answers(self._port, say=b"PING\r\n", expect=b"+PONG"),
        )

    def kill(self) -> None:
        """End it as `kill -9` does."""
        if self._process is not None:
            self._process.popen.kill()
            self._process.popen.wait()


@pytest.fixture
def redis(tmp_path: Path, redis_url: str) -> Iterator[Redis]:
    """Start a Redis of the test's own."""
    redis = Redis(tmp_path)
    redis.start()
    yield redis
    redis.kill()


def test_a_killed_redis_costs_seconds_and_no_socket(
    redis: Redis,
    start_outside_server: Callable[..., Running],
    enter: Callable[[Deployment], Door],
) -> None:
    # Every message without Redis waits for the poll.
    running = start_outside_server(REDIS_URL=redis.url, WS_POLL_SECONDS="2")
    person = enter(running.deployment).person()
    socket = person.tab()

    def seconds_to_send(n: int) -> float:
        begin = time.monotonic()
        person.send({"n": n})
        seconds = time.monotonic() - begin
        frame = socket.until("server_notification", seconds=ARRIVES_SECONDS)
        assert frame["value"] == {"n": n}
        return seconds

    def assert_quick(first: int) -> None:
        # In the middle: a machine stalls once, whoever waits for Redis always does.
        some = [seconds_to_send(first + n) for n in range(EACH_PHASE)]
        assert statistics.median(some) < SEND_SECONDS

    assert_quick(0)
    redis.kill()
    assert_quick(EACH_PHASE)
    redis.start()
    assert_quick(2 * EACH_PHASE)
    assert socket.quiet() == []
