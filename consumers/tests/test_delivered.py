"""Headers that pika cannot read do not end the connection."""

import datetime
import struct
from collections.abc import Sequence
from typing import Any

import pika
import pytest

from consumers import delivered
from consumers.delivered import Delivered

MILLISECONDS = struct.pack(">cQ", b"T", 1_763_734_000_000)
INFINITY = struct.pack(">cd", b"d", float("inf"))
UNKNOWN = b"?"


def table(entries: bytes) -> bytes:
    return struct.pack(">I", len(entries)) + entries


def nested(depth: int) -> bytes:
    value = b"V"
    for _ in range(depth):
        value = b"F" + table(b"\x01k" + value)
    return value


UNREADABLE = {
    "milliseconds": MILLISECONDS,
    "infinity": INFINITY,
    "unknown": UNKNOWN,
    "depth": nested(1_200),
}


class Raw(pika.BasicProperties):  # type: ignore[misc]
    """Properties whose headers are one value, given as it stands on the wire."""

    def __init__(self, value: bytes, **properties: Any) -> None:
        super().__init__(headers={"h": None}, **properties)
        self._value = value

    def encode(self) -> Sequence[bytes]:
        """Put the value where there is none."""
        whole = b"".join(super().encode())
        headers = table(b"\x01h" + self._value)
        return [whole.replace(table(b"\x01hV"), headers)]


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
def test_d08_unreadable_headers_count_as_none_and_the_rest_is_read(
    value: bytes,
) -> None:
    told = {"content_type": "application/json", "message_id": "m", "app_id": "shop"}
    encoded = b"".join(Raw(value, correlation_id="c", **told).encode())

    found = Delivered().decode(encoded)

    assert found.headers == {}
    assert found.headers_size == len(table(b"\x01h" + value))
    assert (found.correlation_id, found.message_id) == ("c", "m")
    assert (found.content_type, found.app_id) == ("application/json", "shop")


def test_readable_headers_are_what_pika_makes_of_them() -> None:
    moment = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
    headers = {"a": 1, "at": moment, "more": {"list": [True, None, "x"]}}
    encoded = b"".join(pika.BasicProperties(headers=headers, priority=3).encode())

    found = Delivered().decode(encoded)

    assert (found.headers, found.priority) == (headers, 3)
    assert found.headers_size == pika.data.encode_table([], headers)


def test_properties_without_headers_are_read() -> None:
    encoded = b"".join(pika.BasicProperties(reply_to="r").encode())

    found = Delivered().decode(encoded)

    assert (found.headers, found.headers_size, found.reply_to) == (None, 0, "r")


def test_pika_makes_them_of_what_it_receives() -> None:
    delivered.use()
    encoded = struct.pack(">HHQ", Delivered.INDEX, 0, 5)
    encoded += b"".join(Raw(MILLISECONDS).encode())
    head = struct.pack(">BHL", pika.spec.FRAME_HEADER, 1, len(encoded))

    _, frame = pika.frame.decode_frame(head + encoded + b"\xce")

    assert isinstance(frame.properties, Delivered)
