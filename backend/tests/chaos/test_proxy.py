"""The fault proxy does each harm that it offers, and none otherwise."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.proxy import FaultProxy
from tests.processes import wait_until

ALL = 1.0


@pytest.fixture
def echo_port() -> Iterator[int]:
    """Answer every byte with itself."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                while data := connection.recv(65_536):
                    connection.sendall(data)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=answer, args=(connection,)).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@pytest.fixture
def proxy(echo_port: int) -> Iterator[FaultProxy]:
    proxy = FaultProxy.before(f"tcp://127.0.0.1:{echo_port}")
    yield proxy
    proxy.stop()


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[socket.socket]:
    with connected(proxy) as client:
        assert echoed(client, b"hello") == b"hello"
        yield client


def connected(proxy: FaultProxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=20)


def echoed(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    received = b""
    while len(received) < len(data) and (piece := client.recv(65_536)):
        received += piece
    return received


def test_bytes_pass_both_ways(client: socket.socket) -> None:
    assert echoed(client, b"x" * 300_000) == b"x" * 300_000


def test_a_reset_ends_the_connection_with_an_error(
    proxy: FaultProxy,
    client: socket.socket,
) -> None:
    assert proxy.reset(ALL, random.Random(1)) == 1

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    wait_until(lambda: not proxy.connections, seconds=20, what="the end of the link")


def test_a_half_close_ends_one_direction(
    proxy: FaultProxy,
    client: socket.socket,
) -> None:
    proxy.half_close(ALL, random.Random(1))

    assert client.recv(1) == b""
    client.sendall(b"still taken")


def test_a_cut_comes_after_so_many_bytes(proxy: FaultProxy) -> None:
    proxy.cut_after_bytes = 10
    received = b""

    with connected(proxy) as client, contextlib.suppress(ConnectionResetError):
        client.sendall(b"12345678")
        while piece := client.recv(65_536):
            received += piece

    assert len(received) <= 2


def test_what_is_swallowed_is_not_answered_until_it_heals(
    proxy: FaultProxy,
    client: socket.socket,
) -> None:
    proxy.swallow(ALL, random.Random(1))
    client.sendall(b"anybody there?")
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(1)

    proxy.heal()

    client.settimeout(20)
    with pytest.raises(ConnectionResetError):
        client.recv(1)


def test_a_blackhole_takes_connections_and_never_answers(proxy: FaultProxy) -> None:
    proxy.is_blackhole = True

    with connected(proxy) as client:
        client.sendall(b"anybody there?")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)


@pytest.mark.parametrize(
    ("latency_seconds", "bytes_per_second"),
    [(0.1, 0), (0.0, 100)],
)
def test_it_delays(
    proxy: FaultProxy,
    client: socket.socket,
    latency_seconds: float,
    bytes_per_second: int,
) -> None:
    proxy.latency_seconds = latency_seconds
    proxy.bytes_per_second = bytes_per_second
    begin = time.monotonic()

    assert echoed(client, b"x" * 10) == b"x" * 10

    assert time.monotonic() - begin >= 0.19


def test_the_next_target_serves_while_one_is_away(echo_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        away = server.getsockname()[1]
    proxy = FaultProxy([("127.0.0.1", away), ("127.0.0.1", echo_port)])
    try:
        for _ in range(4):
            with connected(proxy) as client:
                assert echoed(client, b"hello") == b"hello"
        assert proxy.instead_of("redis://:secret@host:1/0") == (
            f"redis://:secret@127.0.0.1:{proxy.port}/0"
        )
    finally:
        proxy.stop()
