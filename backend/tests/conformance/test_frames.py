"""Frames that are not understood, and commands that are."""

import pytest

from tests.conformance.client import ClosedError
from tests.conformance.door import Door

FRAME_LIMIT = 16_384

NOT_JSON = {
    "nothing": "",
    "a word": "hello",
    "half an object": '{"type":"command"',
    "two objects": "{}{}",
    "NaN": '{"type":"command","key":NaN}',
    "infinity": '{"type":"command","key":Infinity}',
    "beyond a double": '{"type":"command","key":1e400}',
    "five thousand digits": f'{{"type":"command","key":{"9" * 5000}}}',
    "NUL": '{"type":"command","key":"\\u0000"}',
    "a lone surrogate": '{"type":"command","key":"\\ud800"}',
    "a key twice": '{"type":"command","type":"command"}',
    "a byte order mark": '\ufeff{"type":"command","key":"ping"}',
    "seventeen levels": '{"type":"command","key":"ping","x":'
    + "[" * 16
    + "]" * 16
    + "}",
    "eight thousand levels": "[" * 8_000,
    "single quotes": "{'type': 'command'}",
    "a comment": '{"type":"command"} // ping',
    "an array": "[]",
    "null": "null",
    "true": "true",
    "a number": "7",
    "a string": '"ping"',
}
UNKNOWN_TYPES = [
    "",
    "x",
    "hello",
    "websocket.close",
    "__init__",
    "dispatch",
    "y" * 10_000,
]
NO_TYPES = ["null", "7", "true", "[]", "{}", '["command"]', '{"a":"command"}']


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_no_json_object_gets_bad_json(door: Door, name: str) -> None:
    socket = door.person().tab()

    socket.send_text(NOT_JSON[name])

    assert socket.refusal()["code"] == "bad_json"
    assert socket.quiet() == []


@pytest.mark.parametrize("kind", UNKNOWN_TYPES)
def test_an_unknown_type_gets_unknown_type(door: Door, kind: str) -> None:
    socket = door.person().tab()

    socket.send(kind, id="u1")

    refusal = socket.refusal()
    assert refusal["code"] == "unknown_type"
    assert refusal["ref"] == "u1"
    assert len(refusal["value"]) < 500
    assert socket.quiet() == []


@pytest.mark.parametrize("kind", NO_TYPES)
def test_a_type_that_is_no_text_gets_bad_type(door: Door, kind: str) -> None:
    socket = door.person().tab()

    socket.send_text(f'{{"type":{kind}}}')

    assert socket.refusal()["code"] in {"bad_type", "unknown_type"}
    assert socket.quiet() == []


def test_an_empty_object_gets_bad_type(door: Door) -> None:
    socket = door.person().tab()

    socket.send_text("{}")

    assert socket.refusal()["code"] in {"bad_type", "unknown_type"}
    assert socket.quiet() == []


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b'{"type":"command","key":"ping"}'])
def test_a_binary_frame_gets_an_error_and_the_socket_stays(
    door: Door,
    data: bytes,
) -> None:
    socket = door.person().tab()

    socket.send_text(data)

    assert socket.refusal()["code"] in {"binary", "bad_json"}
    assert socket.quiet() == []


def test_sixteen_levels_are_not_too_deep(door: Door) -> None:
    socket = door.person().tab()
    deep = "[" * 15 + "]" * 15

    socket.send_text(f'{{"type":"command","key":"ping","id":"deep","x":{deep}}}')

    assert socket.until("command_processing_result", id="deep")


def test_a_frame_of_exactly_the_limit_is_read(door: Door) -> None:
    socket = door.person().tab()
    frame = '{"type":"command","key":"ping","id":"big","x":"%s"}'

    socket.send_text(frame % ("x" * (FRAME_LIMIT - len(frame) + 2)))

    assert socket.until("command_processing_result", id="big")


@pytest.mark.parametrize("size", [FRAME_LIMIT + 1, 2 * FRAME_LIMIT, 60_000])
def test_a_larger_frame_ends_the_socket_with_4413(door: Door, size: int) -> None:
    socket = door.person().tab()
    frame = '{"type":"command","key":"ping","x":"%s"}'

    socket.send_text(frame % ("x" * (size - len(frame) + 2)))

    closing = socket.closing()
    assert closing.code == 4413
    assert closing.error is not None


def test_the_limit_counts_bytes_and_not_characters(door: Door) -> None:
    socket = door.person().tab()

    socket.send_text('{"type":"command","key":"ping","x":"%s"}' % ("\u0416" * 9_000))

    assert socket.closing().code == 4413


@pytest.mark.parametrize("size", [300_000, 3_000_000])
def test_a_huge_frame_ends_the_socket(door: Door, size: int) -> None:
    """RefusedError by the server before the application sees it."""
    socket = door.person().tab()

    try:
        socket.send_text("x" * size)
        code = socket.closing().code
    except ClosedError as closed:
        code = closed.code

    assert code in {4413, 1009, 1006}


def test_ping_is_answered(door: Door) -> None:
    socket = door.person().tab()

    socket.send("command", key="ping", id="c1")

    answer = socket.until("command_processing_result")
    assert answer["key"] == "ping"
    assert answer["value"] == "pong"
    assert answer["id"] == "c1"


def test_ping_needs_no_id(door: Door) -> None:
    socket = door.person().tab()

    socket.send("command", key="ping")

    assert socket.until("command_processing_result")["value"] == "pong"


@pytest.mark.parametrize("key", ["", "pong", "PING", "__class__", "close", "x" * 5_000])
def test_an_unknown_command_gets_an_error_with_its_id(door: Door, key: str) -> None:
    socket = door.person().tab()

    socket.send("command", key=key, id="c7")

    refusal = socket.refusal()
    assert refusal["ref"] == "c7"
    assert socket.quiet() == []


@pytest.mark.parametrize("key", [None, 7, ["ping"], {"ping": 1}])
def test_a_command_that_is_no_text_gets_an_error(door: Door, key: object) -> None:
    socket = door.person().tab()

    socket.send("command", key=key)

    assert socket.refusal()
    assert socket.quiet() == []


def test_an_id_that_is_no_text_is_left_out(door: Door) -> None:
    socket = door.person().tab()

    socket.send("nonsense", id={"a": ["b"]})

    assert not socket.refusal().get("ref")


def test_further_keys_are_ignored(door: Door) -> None:
    socket = door.person().tab()

    socket.send("command", key="ping", id="c1", future={"a": [1]})

    assert socket.until("command_processing_result", id="c1")


def test_nine_bad_frames_in_a_minute_are_forgiven(door: Door) -> None:
    socket = door.person().tab()

    for _ in range(9):
        socket.send_text("{")
        socket.refusal()

    assert socket.quiet() == []


def test_ten_bad_frames_in_a_minute_end_the_socket_with_4400(door: Door) -> None:
    socket = door.person().tab()

    for _ in range(9):
        socket.send_text("{")
        socket.refusal()
    socket.send_text("{")

    closing = socket.closing()
    assert closing.code == 4400
    assert closing.error is not None


def test_an_error_does_not_repeat_what_was_sent(door: Door) -> None:
    socket = door.person().tab()
    canary = "canary-in-a-frame"

    socket.send(canary)
    socket.send("command", key=canary)
    socket.send_text(f'{{"{canary}"')
    refusals = [socket.refusal() for _ in range(3)]

    assert not [refusal for refusal in refusals if canary in str(refusal)]
