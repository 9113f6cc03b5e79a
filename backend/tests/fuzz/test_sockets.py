"""Whatever a client sends, the server neither breaks nor says that it did."""

import http.client
import json
import random
import string
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.client import ClosedError, RefusedError, Socket
from tests.conformance.door import Door, Person
from tests.faults.raw_socket import TEXT, RawSocket, masked_frame
from tests.processes import wait_until
from tests.supply import Running, Supply

pytestmark = pytest.mark.slow

# A fixed choice of examples: a failure is found again by the next run.
FIXED = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# 1011 is "internal error"; the rest is what the protocol and RFC 6455 foresee, 4503
# where the machine stalled so long that the database seemed away.
EXPECTED_CLOSES = {4400, 4401, 4403, 4413, 4426, 4429, 4503, 1002, 1006, 1007, 1009}
KINDS = (
    "auth",
    "command",
    "message_ack",
    "message_read",
    "watch",
    "unwatch",
    "hello",
    "websocket.close",
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=10), inner, max_size=5)
    ),
    max_leaves=15,
)
frames = st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS) | json_values},
    optional={
        name: json_values
        | st.integers(-2, 70)
        | st.just("0193e1b0-0000-7000-8000-000000000000")
        for name in ("key", "keys", "up_to", "epoch", "mailing", "token", "id")
    },
).map(json.dumps)
texts = frames | json_values.map(json.dumps) | st.text(max_size=200)
messages = texts | st.binary(max_size=200)


@pytest.fixture
def fuzzed(supply: Supply) -> Running:
    """Start the server that only these tests use: they read its whole log."""
    # Wrong frames end a connection soon; here they may go on for a while.
    patience = {"WS_ERRORS_PER_MINUTE": "1000", "WS_RATE_BURST": "100000"}
    return supply.shared("fuzzed", lambda: supply.embedded(patience))


@pytest.fixture
def door(fuzzed: Running) -> Iterator[Door]:
    """Enter the server."""
    door = Door(fuzzed.deployment)
    yield door
    door.leave()


@pytest.fixture(autouse=True)
def _nothing_broke(fuzzed: Running) -> Iterator[None]:
    begin = len(fuzzed.server.log())
    yield
    log = fuzzed.server.log()[begin:]
    assert "Traceback" not in log
    wait_until(fuzzed.server.is_ready, seconds=20, what="the server is ready")


def insist_on_expected(ended: ClosedError | RefusedError) -> None:
    """Insist on an end that the protocol foresees."""
    if isinstance(ended, ClosedError):
        assert ended.code in EXPECTED_CLOSES, ended
    else:
        assert 400 <= ended.status < 500, ended


def assert_ends(socket: Socket, message: str | bytes) -> None:
    """Send a message to a socket that nobody was admitted to; insist on its end."""
    try:
        socket.send_text(message)
        code = socket.closing().code
    except ClosedError as closed:
        code = closed.code
    assert code in EXPECTED_CLOSES


class Held:
    """A socket that is opened anew whenever the server has ended it for a reason."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._socket: Socket | None = None

    def try_out(self, message: str | bytes) -> None:
        """Send one message; the server must answer a ping or close as foreseen."""
        try:
            if self._socket is None:
                self._socket = self._person.tab()
            self._socket.send_text(message)
            self._socket.quiet()
        except ClosedError as closed:
            self._socket = None
            insist_on_expected(closed)


def test_no_message_breaks_an_open_socket(door: Door) -> None:
    person = door.person()
    person.send_many(5)
    held = Held(person)

    @settings(FIXED, max_examples=300)
    @given(messages)
    def try_out(message: str | bytes) -> None:
        # hypothesis makes lone surrogates, which no client can put into a text frame.
        if isinstance(message, str):
            message = message.encode("utf-8", "replace").decode()
        held.try_out(message)

    try_out()


def test_no_first_message_breaks_a_handshake(door: Door) -> None:
    @settings(FIXED, max_examples=60)
    @given(messages)
    def try_out(message: str | bytes) -> None:
        if isinstance(message, str):
            message = message.encode("utf-8", "replace").decode()
        assert_ends(door.open(), message)

    try_out()


def test_no_query_breaks_a_handshake(door: Door) -> None:
    names = st.sampled_from(["token", "epoch", "seq", "state", "x"]).map(str.encode)
    pairs = st.lists(st.tuples(names | st.binary(max_size=8), st.binary(max_size=60)))
    person = door.person()

    @settings(FIXED, max_examples=100)
    @given(pairs)
    def try_out(query: list[tuple[bytes, bytes]]) -> None:
        text = "&".join(
            f"{quote_from_bytes(k)}={quote_from_bytes(v)}" for k, v in query
        )
        has_token = any(name == b"token" for name, _ in query)
        ticket = None if has_token else person.ticket()
        try:
            socket = door.open(ticket, query=text)
            socket.quiet()
            socket.close()
        except (ClosedError, RefusedError) as ended:
            insist_on_expected(ended)

    try_out()


def test_no_subprotocols_break_a_handshake(door: Door) -> None:
    letters = string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~"
    names = st.text(letters, min_size=1, max_size=60)
    prefixed = st.builds(
        "{}{}".format, st.sampled_from(["ticket.", "carillon."]), names
    )

    @settings(FIXED, max_examples=100)
    @given(st.lists(names | prefixed, min_size=1, max_size=15))
    def try_out(subprotocols: list[str]) -> None:
        try:
            socket = door.open(subprotocols=subprotocols)
        except RefusedError as refused:
            insist_on_expected(refused)
        else:
            assert_ends(socket, b'{"type":"command","key":"ping"}')

    try_out()


PING_FRAME = masked_frame(TEXT, b'{"type":"command","key":"ping"}')
BROKEN_FRAMES = {
    "not masked": b"\x81\x02{}",
    "reserved bit": masked_frame(TEXT, b"{}", first_byte=0xC1),
    "reserved opcode": masked_frame(0x3, b"{}"),
    "a continuation of nothing": masked_frame(0x0, b"{}"),
    "a ping of 126 bytes": masked_frame(0x9, b"x" * 126),
    "a ping in fragments": masked_frame(0x9, b"x", first_byte=0x09),
    "invalid UTF-8": masked_frame(TEXT, b"\xff\xfe"),
    "invalid UTF-8 in fragments": (
        masked_frame(TEXT, b"\xc3", first_byte=0x01) + masked_frame(0x0, b"\x28")
    ),
    "two texts at once": masked_frame(TEXT, b"{", first_byte=0x01) + PING_FRAME,
    "a close with one byte": masked_frame(0x8, b"\x03"),
    "a close with 1005": masked_frame(0x8, b"\x03\xed"),
    "a close with 999": masked_frame(0x8, b"\x03\xe7"),
    "a length of 2^63": b"\x81\xff" + b"\xff" * 8 + b"\x00" * 4,
    "a length of 100 MB": b"\x81\xff" + (10**8).to_bytes(8) + b"\x00" * 4,
    "not WebSocket": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", BROKEN_FRAMES)
def test_a_broken_frame_ends_its_socket_and_nothing_else(
    door: Door,
    fuzzed: Running,
    name: str,
) -> None:
    person = door.person()
    other = person.tab()
    before = fuzzed.server.memory()

    with RawSocket(door.deployment.url, person.ticket()) as rude:
        rude.send(BROKEN_FRAMES[name])
        said = rude.read_to_the_end(seconds=20)

    assert b"\x03\xf3" not in said[-40:], "closed with 1011"
    assert other.quiet() == []
    assert fuzzed.server.memory() - before < 5_000_000


def test_one_byte_at_a_time_is_understood(door: Door) -> None:
    with RawSocket(door.deployment.url, door.person().ticket()) as slow:
        text = b'{"type":"command","key":"ping","id":"slowly"}'
        pieces = [text[n : n + 1] for n in range(len(text))]
        slow.send(masked_frame(TEXT, pieces[0], first_byte=TEXT))
        for piece in pieces[1:-1]:
            slow.send(masked_frame(0x0, piece, first_byte=0x0))
        slow.send(masked_frame(0x0, pieces[-1]))

        said = slow.read_until(b'"slowly"', seconds=20)

    assert b"pong" in said


def test_ten_thousand_pings_are_harmless(door: Door, fuzzed: Running) -> None:
    other = door.person()
    socket = other.tab()
    before = fuzzed.server.memory()

    with RawSocket(door.deployment.url, door.person().ticket()) as busy:
        for _ in range(10):
            busy.send(masked_frame(0x9, b"") * 1_000)
            other.send({"n": 0})
            socket.until("server_notification")
        busy.send(masked_frame(0x8, b"\x03\xe8"))
        busy.read_to_the_end(seconds=20)

    assert fuzzed.server.memory() - before < 5_000_000


def test_random_bytes_are_harmless(door: Door) -> None:
    chance = random.Random(20_261_120)
    person = door.person()

    for _ in range(30):
        with RawSocket(door.deployment.url, person.ticket()) as rude:
            rude.send(chance.randbytes(chance.randrange(1, 400)))
            rude.send(masked_frame(0x8, b"\x03\xe8") * 40)
            with_close = rude.read_to_the_end(seconds=20)
            assert b"\x03\xf3" not in with_close[-10:]


def test_an_upgrade_without_a_key_is_a_bad_request(fuzzed: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", fuzzed.server.port, timeout=20)
    connection.putrequest("GET", "/ws/notifications/", skip_host=True)
    connection.putheader("Upgrade", "websocket")
    connection.putheader("Connection", "Upgrade")
    connection.endheaders()

    status = connection.getresponse().status

    connection.close()
    assert 400 <= status < 500
