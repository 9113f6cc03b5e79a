"""The contract of channels: any answer at all leads to a receipt or a DeliveryError."""

import time
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from apps.common import clock
from apps.delivery import channels
from apps.delivery.base import Content, DeliveryError, Parcel
from apps.delivery.tests import faulty_server as faults
from apps.delivery.tests import rigs
from apps.delivery.tests.faulty_server import FaultyServer, Respond, answer
from apps.delivery.tests.rigs import Rig

# A machine that stands still for all of a short limit has not sent anything in it.
LIMITS_SECONDS = (0.4, 3.0, 8.0)
# Above every limit, and below the time after which a server ends its silence.
LATEST_SECONDS = 15
CONTENT = Content(subject="Hi", text="Text <b>& more</b>", payload='{"a":1}')


def parcel_to(address: str) -> Parcel:
    """Return a message on its way."""
    return Parcel(
        address=address,
        content=CONTENT,
        message_id=7,
        key="01b8e211-6100-741a-b858-866553921285",
        created_at="2030-01-01T00:00:00+00:00",
    )


def responses(server: FaultyServer, rig: Rig) -> dict[str, Respond]:
    """Return every manner of answering by its name."""
    return {
        **{str(status): answer(status) for status in (400, 401, 404, 429, 500)},
        "200": answer(200, rig.success),
        "garbage": answer(200, b"<html>"),
        "cut": faults.cut,
        "torn": faults.torn,
        "no http": faults.no_http,
        "huge": faults.huge,
        "redirect": answer(301, b"", Location=f"{server.url}/elsewhere"),
        "drip": server.drip,
        "never": server.never,
    }


def outcome(name: str, address: str) -> str:
    """Send once, and say in one word what the channel makes of it."""
    try:
        channels.get(name).send(parcel_to(address))
    except DeliveryError as error:
        return _word(error)
    return rigs.SENT


def check_answer(name: str, manner: str, *, server: FaultyServer, address: str) -> None:
    """Have the server answer in a manner; the channel asks once and knows its class."""
    rig = rigs.RIGS[name]
    server.respond = responses(server, rig)[manner]

    found = outcome(name, address)

    assert found == {**rigs.USUAL, **rig.expected}[manner]
    assert len(server.requests) == 1


def check_late_answer(
    name: str,
    expected: str,
    *,
    address: str,
    arrived: list[Any],
    limit: Callable[[float], None],
) -> None:
    """Have a channel wait for an answer that does not end; it gives up by itself.

    arrived: what the server has been sent. limit: shortens the channel's patience.
    """
    for seconds in LIMITS_SECONDS:
        arrived.clear()
        limit(seconds)
        began = time.monotonic()
        found = outcome(name, address), len(arrived)
        took = time.monotonic() - began
        if found == (expected, 1):
            break

    assert found == (expected, 1)
    assert took < LATEST_SECONDS


def check_patience(name: str, *, server: FaultyServer, address: str) -> None:
    """Have the server ask for patience in both forms."""
    moment = format_datetime(clock.now() + timedelta(seconds=60), usegmt=True)
    for header, least, most in (("7", 7, 7), (moment, 50, 60)):
        server.respond = answer(429, Retry_After=header)

        error = _error_of(lambda: channels.get(name).send(parcel_to(address)))

        assert error.retry_after is not None
        assert least <= error.retry_after <= most


def check_manners(name: str) -> None:
    """Look at what can be seen without sending."""
    channel = channels.get(name)
    rig = rigs.RIGS[name]

    assert name == channel.NAME
    assert channel.CONCURRENCY >= 1
    assert channel.off_reason() == ""
    assert channel.on_unknown() in {"retry", "hold"}
    assert channel.is_address(rig.address)
    assert not channel.is_address("")
    assert not channel.is_address("a\r\nb: c")


def _word(error: DeliveryError) -> str:
    if error.configuration:
        return rigs.CONFIGURATION
    if error.permanent:
        return rigs.PERMANENT
    return rigs.UNKNOWN if error.unknown else rigs.AGAIN


def _error_of(act: Callable[[], object]) -> DeliveryError:
    try:
        act()
    except DeliveryError as error:
        return error
    message = "There was no DeliveryError."
    raise AssertionError(message)
