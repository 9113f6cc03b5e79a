"""Acknowledgements of a moment are joined, and each keeps the name of its device."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from apps.notifications.states import Ack
from apps.push import client_frames
from apps.realtime.acknowledging import _Pending
from apps.realtime.connection import Connection
from apps.realtime.consumer import NotificationsConsumer

ONE, TWO = UUID(int=1), UUID(int=2)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


def on(device: str) -> Connection:
    return cast("Connection", SimpleNamespace(device=device))


def keys(*said: UUID, read: bool = False) -> client_frames.Ack:
    return client_frames.Ack(frozenset(said), None, None, read=read, ref="")


def up_to(number: int) -> client_frames.Ack:
    return client_frames.Ack(frozenset(), number, None, read=False, ref="")


def test_what_one_device_says_is_one_change() -> None:
    pending = _Pending()
    for ack in (up_to(3), up_to(7), up_to(5)):
        pending.add(on("Firefox"), ack)

    assert pending.requests(1) == [Ack(1, up_to=7, device="Firefox")]


def test_the_device_that_has_the_most_names_the_numbers() -> None:
    pending = _Pending()
    pending.add(on("Firefox"), up_to(3))
    pending.add(on("Chrome"), up_to(7))
    pending.add(on("Safari"), up_to(7))

    assert pending.requests(1) == [Ack(1, up_to=7, device="Chrome")]


def test_keys_stay_with_their_devices_and_reads_come_last() -> None:
    pending = _Pending()
    pending.add(on("Firefox"), keys(ONE, read=True))
    pending.add(on("Firefox"), keys(ONE))
    newer = _Pending()
    newer.add(on("Chrome"), keys(TWO))
    pending.merge(newer)

    assert pending.requests(1) == [
        Ack(1, frozenset({ONE}), device="Firefox"),
        Ack(1, frozenset({TWO}), device="Chrome"),
        Ack(1, frozenset({ONE}), read=True, device="Firefox"),
    ]


@pytest.mark.parametrize(
    ("headers", "device"),
    [
        ([(b"user-agent", FIREFOX.encode())], "Firefox on Linux"),
        ([], "WebSocket"),
    ],
)
async def test_a_socket_is_named_by_its_opening_request(
    headers: list[tuple[bytes, bytes]], device: str
) -> None:
    opened: list[Connection] = []
    consumer = NotificationsConsumer()
    consumer.scope = {
        "headers": [(b"host", b"testserver"), *headers],
        "query_string": b"",
        "url_route": {"kwargs": {}},
    }
    consumer.hub = cast("Any", SimpleNamespace(is_full=False, add=opened.append))

    async def send(message: Any) -> None:
        """Take what is sent."""

    consumer.base_send = send
    await consumer.websocket_connect({})

    assert [each.device for each in opened] == [device]
    opened[0].outbox.stop()
