"""What a client may say, and what it is told when it says something else."""

import contextlib
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.push import client_frames
from apps.push.client_frames import Ack, Auth, BadFrame, Command, Resume, Watch

KEY = uuid.UUID("01900000-0000-7000-8000-000000000001")


def text(**frame: Any) -> str:
    return json.dumps(frame)


def test_an_acknowledgement_names_one_key_or_several() -> None:
    one = client_frames.parse(text(type="message_ack", key=str(KEY)))
    several = client_frames.parse(text(type="message_ack", keys=[str(KEY)]))

    expected = Ack(frozenset({KEY}), None, None, read=False, ref="")
    assert one == several == expected


def test_an_acknowledgement_may_name_a_number_and_an_epoch() -> None:
    frame = client_frames.parse(text(type="message_ack", up_to=12, epoch="e_1"))

    assert frame == Ack(frozenset(), 12, "e_1", read=False, ref="")


def test_the_other_frames_are_understood() -> None:
    frames = [
        client_frames.parse(text(type="message_read", keys=[str(KEY)], id="r1")),
        client_frames.parse(text(type="command", key="ping", id="c1")),
        client_frames.parse(text(type="watch", mailing=7)),
        client_frames.parse(text(type="unwatch", mailing=7)),
        client_frames.parse(text(type="auth", token="t")),
    ]

    assert frames == [
        Ack(frozenset({KEY}), None, None, read=True, ref="r1"),
        Command("ping", "c1"),
        Watch(7, begin=True, ref=""),
        Watch(7, begin=False, ref=""),
        Auth("t", ""),
    ]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "bad_json"),
        ("nonsense", "bad_json"),
        ("[]", "bad_json"),
        ("null", "bad_json"),
        ("1", "bad_json"),
        ('{"type": NaN}', "bad_json"),
        ('{"type": "command", "key": "\\u0000"}', "bad_json"),
        ('{"type": "command", "key": "\\ud800"}', "bad_json"),
        ('{"type": 1e400}', "bad_json"),
        ('{"a": 1, "a": 2}', "bad_json"),
        ("[" * 100_000, "bad_json"),
        ("9" * 5000, "bad_json"),
        ("{}", "bad_type"),
        ('{"type": 1}', "bad_type"),
        ('{"type": null}', "bad_type"),
        ('{"type": "websocket.close"}', "unknown_type"),
        ('{"type": "__init__"}', "unknown_type"),
        ('{"type": ""}', "unknown_type"),
        (text(type="message_ack"), "bad_frame"),
        (text(type="message_ack", keys=[]), "bad_frame"),
        (text(type="message_ack", keys="x"), "bad_frame"),
        (text(type="message_ack", keys=[str(KEY)] * 101), "bad_frame"),
        (text(type="message_ack", keys=[1]), "unknown_key"),
        (text(type="message_ack", key="not a key"), "unknown_key"),
        (text(type="message_ack", up_to=1.5), "bad_position"),
        (text(type="message_ack", up_to=True), "bad_position"),
        (text(type="message_ack", up_to=1, epoch=7), "bad_position"),
        (text(type="command"), "bad_frame"),
        (text(type="watch", mailing="7"), "bad_frame"),
        (text(type="watch", mailing=0), "bad_frame"),
        (text(type="watch", mailing=2**63), "bad_frame"),
        (text(type="auth"), "bad_frame"),
        (text(type="auth", token=""), "bad_frame"),
    ],
)
def test_what_is_not_a_frame_has_a_code(frame: str, code: str) -> None:
    with pytest.raises(BadFrame) as caught:
        client_frames.parse(frame)

    assert caught.value.code == code


def test_sixteen_levels_are_allowed_and_seventeen_are_not() -> None:
    def nested(levels: int) -> str:
        inner = "[" * (levels - 1) + "]" * (levels - 1)
        return f'{{"type": "command", "key": "ping", "x": {inner}}}'

    assert client_frames.parse(nested(16)) == Command("ping", "")
    with pytest.raises(BadFrame):
        client_frames.parse(nested(17))


def test_a_hundred_keys_are_allowed() -> None:
    keys = [str(uuid.uuid4()) for _ in range(100)]

    frame = client_frames.parse(text(type="message_ack", keys=keys))

    assert isinstance(frame, Ack)
    assert len(frame.keys) == 100


def test_the_id_of_a_frame_comes_back_with_its_error() -> None:
    with pytest.raises(BadFrame) as caught:
        client_frames.parse(text(type="nothing", id="c9"))

    assert caught.value.ref == "c9"


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_frame_or_a_bad_frame(said: str) -> None:
    with contextlib.suppress(BadFrame):
        assert isinstance(client_frames.parse(said), client_frames.ClientFrame)


@given(
    st.dictionaries(
        st.sampled_from(["type", "key", "keys", "up_to", "epoch", "mailing", "id"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.sampled_from(["message_ack", "message_read", "watch", "command", "auth"])
        | st.lists(st.text(max_size=5), max_size=3),
    ),
)
def test_any_object_is_a_frame_or_a_bad_frame(said: dict[str, Any]) -> None:
    with contextlib.suppress(BadFrame):
        frame = client_frames.parse(json.dumps(said))
        assert isinstance(frame, client_frames.ClientFrame)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", None),
        ("token=abc", None),
        ("epoch=e_5c&seq=12", Resume("e_5c", 12, None)),
        ("epoch=e_5c&seq=12&state=3", Resume("e_5c", 12, 3)),
        ("seq=0&epoch=e&token=t", Resume("e", 0, None)),
    ],
)
def test_the_resume_position_is_read(query: str, expected: Resume | None) -> None:
    assert client_frames.parse_resume(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "seq=1",
        "epoch=e",
        "state=1",
        "epoch=e&seq=-1",
        "epoch=e&seq=1.0",
        "epoch=e&seq=%D9%A1",
        "epoch=e&seq=99999999999999999999",
        "epoch=e&seq=9223372036854775808",
        "epoch=e%20f&seq=1",
        "epoch=&seq=1",
        "epoch=e&seq=1&state=x",
        "&".join(f"a{number}=1" for number in range(30)),
    ],
)
def test_a_position_that_cannot_be_parsed_says_so(query: str) -> None:
    with pytest.raises(BadFrame) as caught:
        client_frames.parse_resume(query)

    assert caught.value.code == "bad_position"
