"""Clients that never read and clients that flood are no concern of the others."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from statistics import median

import psutil
import pytest

from tests.conformance.door import Deployment, Door, Person
from tests.faults.raw_socket import TEXT, RawSocket, masked_frame
from tests.processes import Server, wait_until
from tests.supply import Running

pytestmark = pytest.mark.slow

# A tenth of the usual: ping every 20 s, window open 60 s; but as for the answer, which
# has 10 s, the polite ones among us may stall for longer than one.
TENTH = {"WS_PING_SECONDS": "2", "WS_PONG_SECONDS": "4", "WS_WINDOW_SECONDS": "6"}
GONE_SECONDS = 35.0
MEMORY_BYTES = 10 * 1024 * 1024
EACH_BYTES = 1.1 * 1024 * 1024
# In the middle: what a busy machine holds up once is no rude client's doing.
LATENCY_SECONDS = 0.5

StartServer = Callable[..., Running]
Enter = Callable[[Deployment], Door]


def is_connected(server: Server, port: int) -> bool:
    """Say whether the server still holds the connection from this port of ours."""
    connections = psutil.Process(server.pid).net_connections("tcp")
    # A listening socket has no port at the other end.
    return port in {getattr(one.raddr, "port", None) for one in connections}


def never_reading(person: Person) -> RawSocket:
    """Connect and read nothing."""
    return RawSocket(person.door.deployment.url, person.ticket(), receive_buffer=1_024)


def write_large_ones(server: Server, *people: Person, count: int = 100) -> None:
    """Notify each of these people `count` times, with 30 kB each.

    From another process: what the requests would leave in the server's memory is not
    what is measured here.
    """
    ids = [person.id for person in people]
    code = (
        "from apps.notifications.services import Draft, notify_many\n"
        f"for user in {ids}:\n"
        "    notify_many([Draft(recipient_id=user, "
        f"payload={{'n': n, 'padding': 'x' * 30_000}}) for n in range({count})])"
    )
    server.manage("shell", "-c", code)


@contextlib.contextmanager
def flooding(person: Person) -> Iterator[RawSocket]:
    """Connect and send frames without an end, reading nothing."""
    rude = RawSocket(person.door.deployment.url, person.ticket(), receive_buffer=4_096)
    frames = masked_frame(TEXT, b'{"type":"command","key":"ping"}') * 500
    stop = threading.Event()

    def flood() -> None:
        with contextlib.suppress(OSError):
            while not stop.is_set():
                rude.send(frames)

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    try:
        yield rude
    finally:
        stop.set()
        rude.tcp.close()
        thread.join(10)


def most_memory_until(server: Server, condition: Callable[[], bool]) -> int:
    """Wait until the condition holds; say the most memory that the server took."""
    most = [server.memory()]

    def is_over() -> bool:
        most.append(server.memory())
        return condition()

    wait_until(is_over, seconds=GONE_SECONDS, what="the end of the rude clients")
    return max(most)


def warmed_up(running: Running, door: Door) -> int:
    """Let the server do once what it will do again; say its memory then."""
    person = door.person()
    write_large_ones(running.server, person)
    position = {"epoch": person.connect().next()["stream"]["epoch"], "seq": 70}
    person.connect(**position).notifications(30)
    return running.server.memory()


def test_who_never_reads_is_ended_and_costs_little_memory(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server(**TENTH)
    door = enter(running.deployment)
    before = warmed_up(running, door)
    person = door.person()

    with never_reading(person) as rude:
        write_large_ones(running.server, person)
        most = most_memory_until(
            running.server,
            lambda: not is_connected(running.server, rude.port),
        )

    assert most - before <= MEMORY_BYTES


def test_who_floods_is_ended_and_costs_little_memory(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server(**TENTH)
    door = enter(running.deployment)
    before = warmed_up(running, door)

    with flooding(door.person()) as rude:
        most = most_memory_until(
            running.server,
            lambda: not is_connected(running.server, rude.port),
        )

    assert most - before <= MEMORY_BYTES


class Listener:
    """Somebody who is sent message after message while others misbehave."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.socket = person.tab()

    def latencies_beside(self, rude: RawSocket, server: Server) -> list[float]:
        """Send and receive until the rude client is gone, and a few times after.

        Says how long each message took from the request to the socket.
        """
        latencies: list[float] = []
        deadline = time.monotonic() + GONE_SECONDS
        after = 0
        while after < 5:
            assert time.monotonic() < deadline, "the rude client is still there"
            after += not is_connected(server, rude.port)
            latencies.append(self._latency(len(latencies)))
        return latencies

    def _latency(self, n: int) -> float:
        begin = time.monotonic()
        self.person.send({"n": n})
        frame = self.socket.until("server_notification")
        latency = time.monotonic() - begin
        assert frame["value"] == {"n": n}
        self.socket.send("message_ack", up_to=frame["seq"])
        return latency


def test_who_never_reads_delays_nobody(start_server: StartServer, enter: Enter) -> None:
    running = start_server(**TENTH)
    door = enter(running.deployment)
    person, listener = door.person(), Listener(door.person())

    with never_reading(person) as rude:
        write_large_ones(running.server, person)
        latencies = listener.latencies_beside(rude, running.server)

    assert median(latencies) < LATENCY_SECONDS


def test_who_floods_delays_nobody(start_server: StartServer, enter: Enter) -> None:
    running = start_server(**TENTH)
    door = enter(running.deployment)
    listener = Listener(door.person())

    with flooding(door.person()) as rude:
        latencies = listener.latencies_beside(rude, running.server)

    assert median(latencies) < LATENCY_SECONDS


def test_sigterm_ends_the_server_in_spite_of_who_never_reads(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server()
    door = enter(running.deployment)
    polite, person = door.person().tab(), door.person()

    with never_reading(person) as rude:
        write_large_ones(running.server, person, count=28)
        assert is_connected(running.server, rude.port)
        running.server.signal(signal.SIGTERM)

        running.server.seconds_to_end(at_most=8)

    assert polite.closing().code == 4012


def test_who_never_read_gets_everything_later(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server(**TENTH)
    person = enter(running.deployment).person()

    with never_reading(person) as rude:
        write_large_ones(running.server, person)
        wait_until(
            lambda: not is_connected(running.server, rude.port),
            seconds=GONE_SECONDS,
            what="the end of who never reads",
        )

    socket = person.connect()
    for n in range(100):
        frame = socket.until("server_notification")
        assert frame["value"]["n"] == n
        socket.send("message_ack", up_to=frame["seq"])


def test_twenty_who_never_read_cost_what_was_promised(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server()
    door = enter(running.deployment)
    people = [door.person() for _ in range(20)]
    before = warmed_up(running, door)

    with contextlib.ExitStack() as stack:
        for person in people:
            stack.enter_context(never_reading(person))
        write_large_ones(running.server, *people)
        listener = door.person()
        socket = listener.tab()
        listener.send({"n": 0})
        socket.until("server_notification")
        growth = running.server.memory() - before

    assert growth <= len(people) * EACH_BYTES + MEMORY_BYTES
