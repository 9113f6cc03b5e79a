"""Clients that never read and clients that flood are no concern of the others."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.conformance.door import Deployment, Door, Person, values
from tests.faults.raw_socket import TEXT, RawSocket, masked_frame
from tests.processes import Server, wait_until
from tests.supply import Running

pytestmark = pytest.mark.slow

# A tenth of the usual: ping every 20 s and 10 s for the answer, window open 60 s.
TENTH = {"WS_PING_SECONDS": "2", "WS_PONG_SECONDS": "1", "WS_WINDOW_SECONDS": "6"}
GONE_SECONDS = 35.0
MEMORY_BYTES = 10 * 1024 * 1024
LATENCY_SECONDS = 1.0

StartServer = Callable[..., Running]
Enter = Callable[[Deployment], Door]


def is_connected(server: Server, port: int) -> bool:
    """Say whether the server still holds the connection from this port of ours."""
    connections = psutil.Process(server.pid).net_connections("tcp")
    # A listening socket has no port at the other end.
    return port in {getattr(one.raddr, "port", None) for one in connections}


def never_reading(person: Person) -> RawSocket:
    """Connect and read nothing, with three megabytes on their way."""
    rude = RawSocket(person.door.deployment.url, person.ticket(), receive_buffer=1_024)
    person.send_many(100, padding=30_000)
    return rude


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


def test_who_never_reads_and_who_floods_are_ended_and_nobody_suffers(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server(**TENTH)
    door = enter(running.deployment)
    listener = door.person()
    socket = listener.tab()
    listener.send_many(20)
    socket.notifications(20)
    socket.send("message_ack", up_to=20)
    before, latencies = running.server.memory(), list[float]()
    most = before

    with never_reading(door.person()) as silent, flooding(door.person()) as loud:
        deadline = time.monotonic() + GONE_SECONDS
        while any(is_connected(running.server, rude.port) for rude in (silent, loud)):
            assert time.monotonic() < deadline, "the rude clients are still there"
            begin = time.monotonic()
            sent = listener.send({"n": 20 + len(latencies)})
            frame = socket.until("server_notification")
            latencies.append(time.monotonic() - begin)
            assert frame["seq"] == sent["seq"]
            socket.send("message_ack", up_to=frame["seq"])
            most = max(most, running.server.memory())

    received = [f for f in socket.frames if f["type"] == "server_notification"]
    assert values(received) == list(range(20 + len(latencies)))
    assert max(latencies) < LATENCY_SECONDS
    assert most - before <= MEMORY_BYTES


def test_sigterm_ends_the_server_in_spite_of_who_never_reads(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server()
    door = enter(running.deployment)
    polite = door.person().tab()

    with never_reading(door.person()) as rude:
        assert is_connected(running.server, rude.port)
        running.server.signal(signal.SIGTERM)

        assert running.server.seconds_to_end(at_most=5) < 5

    assert polite.closing().code == 4012


def test_who_never_reads_gets_the_rest_later(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server(**TENTH)
    person = enter(running.deployment).person()

    with never_reading(person) as rude:
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


def test_twenty_who_never_read_cost_little(
    start_server: StartServer,
    enter: Enter,
) -> None:
    running = start_server()
    door = enter(running.deployment)
    people = [door.person() for _ in range(20)]
    warm = door.person()
    warm.send_many(30, padding=30_000)
    warm.connect().notifications(30)
    before = running.server.memory()

    with contextlib.ExitStack() as stack:
        for person in people:
            stack.enter_context(never_reading(person))
        listener = door.person()
        socket = listener.tab()
        begin = time.monotonic()
        listener.send({"n": 0})
        socket.until("server_notification")
        latency = time.monotonic() - begin
        growth = running.server.memory() - before

    # The promise is 1.1 MiB each; the rest is what twenty bulk requests leave behind.
    assert growth <= len(people) * 1.1 * 1024 * 1024 + MEMORY_BYTES
    assert latency < LATENCY_SECONDS
