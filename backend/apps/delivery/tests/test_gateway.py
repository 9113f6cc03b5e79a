"""Every answer of the SMS gateway has its class, and no answer raises."""

import socket
from datetime import timedelta
from email.utils import format_datetime

import pytest

from apps.common import clock
from apps.delivery.gateway import Answer, Endpoint, Gateway, Outcome, classed
from apps.delivery.tests import faulty_server as faults
from apps.delivery.tests.faulty_server import FaultyServer, answer

OK = b'{"code": 0, "message": "OK"}'


def endpoint(url: str, *, is_idempotent: bool = True, patience: float = 5) -> Endpoint:
    return Endpoint(
        url=url,
        token="canary-token",
        is_idempotent=is_idempotent,
        timeout_seconds=patience,
    )


async def sent(
    server: FaultyServer, *, is_idempotent: bool = True, patience: float = 5
) -> Answer:
    known = endpoint(server.url, is_idempotent=is_idempotent, patience=patience)
    async with Gateway(known) as gateway:
        return await gateway.send(message_id=7, phone="79110000000", text="Hi")


async def test_the_request_is_what_the_contract_says(server: FaultyServer) -> None:
    server.respond = answer(200, OK)

    got = await sent(server)

    assert got.outcome is Outcome.SENT
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/v1/send/7")
    assert request.headers["authorization"] == "Bearer canary-token"
    assert request.headers["content-type"] == "application/json"
    assert request.json() == {"id": 7, "phone": 79110000000, "text": "Hi"}


@pytest.mark.parametrize(
    ("status", "body", "outcome", "code"),
    [
        (200, OK, Outcome.SENT, "0"),
        (200, b'{"code": 1, "message": "no"}', Outcome.REJECTED, "1"),
        (200, b'{"code": true, "message": "OK"}', Outcome.UNKNOWN, "garbage"),
        (200, b'{"code": 0}', Outcome.UNKNOWN, "garbage"),
        (200, b'{"code": "0", "message": "OK"}', Outcome.UNKNOWN, "garbage"),
        (200, b"[0]", Outcome.UNKNOWN, "garbage"),
        (200, b"<html>", Outcome.UNKNOWN, "garbage"),
        (200, b"\xff\x00", Outcome.UNKNOWN, "garbage"),
        (200, b"[" * 60_000, Outcome.UNKNOWN, "garbage"),
        (200, b"", Outcome.UNKNOWN, "garbage"),
        (202, OK, Outcome.UNKNOWN, "http_202"),
        (302, b"", Outcome.CONFIGURATION, "http_302"),
        (400, b"", Outcome.PERMANENT, "http_400"),
        (401, b"", Outcome.CONFIGURATION, "http_401"),
        (403, b"", Outcome.CONFIGURATION, "http_403"),
        (404, b"", Outcome.PERMANENT, "http_404"),
        (408, b"", Outcome.NOT_SENT, "http_408"),
        (413, b"", Outcome.PERMANENT, "http_413"),
        (422, b"", Outcome.PERMANENT, "http_422"),
        (429, b"", Outcome.NOT_SENT, "http_429"),
        (500, b"", Outcome.NOT_SENT, "http_500"),
        (503, b"", Outcome.NOT_SENT, "http_503"),
    ],
)
async def test_every_answer_has_its_class(
    server: FaultyServer, status: int, body: bytes, outcome: Outcome, code: str
) -> None:
    server.respond = answer(status, body)

    got = await sent(server)

    assert (got.outcome, got.code, got.http_status) == (outcome, code, status)
    assert got.sent_bytes
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(500, Outcome.UNKNOWN), (502, Outcome.UNKNOWN), (503, Outcome.NOT_SENT)],
)
def test_without_remembered_ids_a_broken_gateway_leaves_a_doubt(
    status: int, outcome: Outcome
) -> None:
    assert classed(status, b"", is_idempotent=False).outcome is outcome


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faults.cut, "cut"),
        (faults.torn, "cut"),
        (faults.no_http, "cut"),
        (faults.huge, "garbage"),
    ],
)
async def test_what_breaks_after_the_request_is_unknown(
    server: FaultyServer, fault: faults.Respond, code: str
) -> None:
    server.respond = fault

    got = await sent(server)

    assert (got.outcome, got.code, got.sent_bytes) == (Outcome.UNKNOWN, code, True)
    assert len(server.requests) == 1


@pytest.mark.parametrize("manner", ["never", "drip"])
async def test_a_gateway_that_is_too_late_is_unknown(
    server: FaultyServer, manner: str
) -> None:
    server.respond = getattr(server, manner)

    # Of a machine that stands still for the first of them, the second tells.
    for patience in (0.3, 5):
        got = await sent(server, patience=patience)
        if got.sent_bytes:
            break

    assert (got.outcome, got.code) == (Outcome.UNKNOWN, "timeout")


async def test_a_refused_connection_has_sent_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with Gateway(endpoint(url)) as gateway:
            got = await gateway.send(message_id=7, phone="79110000000", text="Hi")

    assert (got.outcome, got.code) == (Outcome.NOT_SENT, "connect")
    assert not got.sent_bytes


async def test_a_name_that_is_unknown_has_sent_nothing() -> None:
    async with Gateway(endpoint("https://gateway.invalid")) as gateway:
        got = await gateway.send(message_id=7, phone="79110000000", text="Hi")

    assert (got.outcome, got.code) == (Outcome.NOT_SENT, "connect")


async def test_the_last_word_is_asked_when_the_connection_stands(
    server: FaultyServer,
) -> None:
    server.respond = answer(200, OK)
    asked: list[int] = []

    def may_write() -> bool:
        asked.append(len(server.requests))
        return False

    async with Gateway(endpoint(server.url)) as gateway:
        got = await gateway.send(
            message_id=7, phone="79110000000", text="Hi", may_write=may_write
        )

    assert (got.outcome, got.code) == (Outcome.NOT_SENT, "withheld")
    assert asked == [0]
    assert server.requests == []


async def test_a_redirect_is_not_followed(server: FaultyServer) -> None:
    server.respond = answer(307, b"", Location=f"{server.url}/elsewhere")

    got = await sent(server)

    assert got.outcome is Outcome.CONFIGURATION
    assert len(server.requests) == 1


@pytest.mark.parametrize("phone", ["", "7911", "+79110000000", "٧٩١١٠٠٠٠٠٠٠"])
async def test_what_is_no_phone_number_is_never_sent(
    server: FaultyServer, phone: str
) -> None:
    async with Gateway(endpoint(server.url)) as gateway:
        got = await gateway.send(message_id=7, phone=phone, text="Hi")

    assert got.outcome is Outcome.PERMANENT
    assert server.requests == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("1000000000", 900.0), ("-1", None), ("soon", None), ("", None)],
)
def test_the_gateway_says_when_to_come_back(header: str, seconds: float | None) -> None:
    assert classed(429, b"", retry_after=header).retry_after == seconds


def test_the_gateway_may_name_a_date_to_come_back() -> None:
    moment = format_datetime(clock.now() + timedelta(seconds=60), usegmt=True)

    got = classed(503, b"", retry_after=moment).retry_after

    assert got is not None
    assert 50 < got <= 60


def test_what_the_gateway_said_is_kept_short_and_printable() -> None:
    got = classed(400, b"a\x00b\r\n" + b"c" * 9000)

    assert got.excerpt.startswith("a b  c")
    assert len(got.excerpt) == 512


def test_the_token_is_not_shown() -> None:
    assert "canary" not in repr(endpoint("https://sms.example.org"))
