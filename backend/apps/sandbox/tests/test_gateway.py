"""The sandbox answers as a gateway does, rightly and wrongly, and keeps all."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from apps.delivery.gateway import Outcome, classed
from apps.sandbox import gateway
from apps.sandbox.gateway import Sandbox
from apps.sandbox.store import KEPT, Kind, Manner, store

MAIL = b"Subject: Hi\r\nMessage-ID: <a@b>\r\nContent-Type: text/plain\r\n\r\nBody\r\n"


@pytest.fixture(autouse=True)
def fresh_store() -> Iterator[None]:
    yield
    store.clear()
    for kind in Kind:
        store.turn(kind, Manner.WORKS)


async def _rest(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def asked(
    path: str, body: bytes, *, token: str = settings.SANDBOX_TOKEN
) -> tuple[int, bytes, dict[bytes, bytes]]:
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": [
            (b"authorization", f"Bearer {token}".encode()),
            (b"x-envelope-to", b"ann@example.org"),
        ],
    }
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await Sandbox(_rest)(scope, receive, send)
    start, rest = said
    return start["status"], rest["body"], dict(start["headers"])


def sms(message_id: int = 7, **changes: Any) -> bytes:
    body = {"id": message_id, "phone": 79110000000, "text": "Hi"}
    return json.dumps({**body, **changes}).encode()


async def test_an_sms_is_taken_and_shown() -> None:
    status, body, _ = await asked("/sandbox/sms/v1/send/7", sms())

    assert classed(status, body).outcome is Outcome.SENT
    [arrival] = store.newest(10)
    assert (arrival.address, arrival.text, arrival.id) == ("79110000000", "Hi", "7")


async def test_an_id_that_comes_again_is_delivered_once() -> None:
    for _ in range(3):
        await asked("/sandbox/sms/v1/send/7", sms())

    assert [arrival.times for arrival in store.newest(10)] == [3]


@pytest.mark.parametrize(
    ("manner", "outcome"),
    [
        (Manner.ERROR, Outcome.NOT_SENT),
        (Manner.BUSY, Outcome.NOT_SENT),
        (Manner.GARBAGE, Outcome.UNKNOWN),
        (Manner.REFUSED, Outcome.REJECTED),
        (Manner.UNAUTHORIZED, Outcome.CONFIGURATION),
    ],
)
async def test_it_answers_as_it_is_told_to(manner: Manner, outcome: Outcome) -> None:
    store.turn(Kind.SMS, manner)

    status, body, _ = await asked("/sandbox/sms/v1/send/7", sms())

    assert classed(status, body).outcome is outcome
    assert store.newest(10) == []


async def test_it_hangs_up_in_the_middle() -> None:
    store.turn(Kind.SMS, Manner.AWAY)

    _, body, headers = await asked("/sandbox/sms/v1/send/7", sms())

    assert int(headers[b"content-length"]) > len(body)


async def test_a_slow_one_takes_the_message_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateway, "SLOW_SECONDS", 0.01)
    store.turn(Kind.SMS, Manner.SLOW)

    status, _, _ = await asked("/sandbox/sms/v1/send/7", sms())

    assert status == 200
    assert store.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 100_000,
        sms(8),
        sms(phone="79110000000"),
        sms(phone=89110000000),
        sms(phone=True),
        sms(text=None),
        sms(more=1),
    ],
)
async def test_what_is_not_in_the_contract_is_400(body: bytes) -> None:
    status, _, _ = await asked("/sandbox/sms/v1/send/7", body)

    assert status == 400
    assert store.count() == 0


@pytest.mark.parametrize("path", ["/sandbox/sms/v1/send/7", "/sandbox/mail/"])
async def test_nobody_else_puts_messages_in(path: str) -> None:
    status, _, _ = await asked(path, sms(), token="wrong")

    assert status == 401
    assert store.count() == 0


async def test_a_mail_is_taken_apart() -> None:
    status, _, _ = await asked("/sandbox/mail/", MAIL)

    assert status == 200
    [mail] = store.newest(10)
    assert (mail.address, mail.subject, mail.text.strip()) == (
        "ann@example.org",
        "Hi",
        "Body",
    )


async def test_other_requests_pass() -> None:
    status, _, _ = await asked("/sandbox/sms/v1/elsewhere", b"")

    assert status == 299


async def test_only_the_newest_are_kept() -> None:
    for number in range(KEPT + 5):
        await asked(f"/sandbox/sms/v1/send/{number}", sms(number))

    assert store.count() == KEPT
    assert store.newest(1)[0].id == str(KEPT + 4)
