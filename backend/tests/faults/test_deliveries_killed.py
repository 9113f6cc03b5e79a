"""A server that is killed while it delivers: a ledger of what really left."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from apps.delivery.tests.faulty_server import FaultyServer, Request, head
from tests.conformance.web import Web
from tests.faults.tabs import AWAY
from tests.processes import wait_until
from tests.supply import Running, new_service_key

COUNT = 60
KILLS = 3
OK = b'{"code": 0, "message": "OK"}'
LEASE = {"DELIVERY_LEASE_SECONDS": "4"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


class Ledger:
    """A gateway that takes its time and writes down what it was given."""

    def __init__(self) -> None:
        self.texts_by_id: dict[int, set[str]] = {}
        self.lock = threading.Lock()

    def respond(self, request: Request) -> Iterator[bytes]:
        """Take a message; answer 40 ms later, if anybody still listens."""
        said: dict[str, Any] = json.loads(request.body)
        with self.lock:
            self.texts_by_id.setdefault(said["id"], set()).add(said["text"])
        time.sleep(0.04)
        yield head(200, len(OK)) + OK


@pytest.fixture
def gateway() -> Iterator[tuple[Ledger, str]]:
    ledger = Ledger()
    with FaultyServer(ledger.respond) as server:
        yield ledger, server.url


def tell(service: Web, number: int) -> int:
    """Send one under an idempotency key until the server has it; return its id."""
    body = {"external_id": "ann", "message": f"text {number}", "channels": ["sms"]}
    signed = service.signed(Idempotency_Key=f"kill-{number}")
    found: list[int] = []

    def is_taken() -> bool:
        try:
            answer = signed.request("POST", "/api/notify/", body)
        except AWAY:
            return False
        if answer.status == 200:
            found.append(json.loads(answer.body)["id"])
        return answer.status == 200

    wait_until(is_taken, seconds=60, what=f"message {number}", interval=0.1)
    return found[0]


def test_kills_lose_nothing_and_double_nothing(
    start_server: Callable[..., Running],
    gateway: tuple[Ledger, str],
) -> None:
    ledger, url = gateway
    running = start_server(SMS_GATEWAY_URL=url, SMS_GATEWAY_TOKEN="t", **LEASE)
    scopes = ("notify:send", "sms:send", "users:write")
    service_id, token = new_service_key(running.server.environment, *scopes)
    service = Web(running.server.url, {}).signed(
        X_Service_Id=service_id, X_Service_Token=token
    )
    made = service.request(
        "PUT", "/api/users/by-external-id/ann/", {"phone": "79110000000"}
    )
    assert made.status == 201, made
    ids = [tell(service, number) for number in range(COUNT)]

    dice = random.Random(20_261_121)
    for _ in range(KILLS):
        seen = len(ledger.texts_by_id)
        wait_until(
            lambda seen=seen: len(ledger.texts_by_id) > min(seen, COUNT - 1),  # type: ignore[misc]  # bound at once
            seconds=60,
            what="another message at the gateway",
            interval=0.005,
        )
        time.sleep(dice.uniform(0, 0.05))
        running.server.kill()
        running.server.start()

    def ladders() -> list[dict[str, Any]]:
        return [service.get(f"/api/notify/{number}/") for number in ids]

    def are_done() -> bool:
        return all(each["status"] != "pending" for each in ladders())

    wait_until(are_done, seconds=90, what="every message settled", interval=0.5)
    assert [each["status"] for each in ladders()] == ["sent"] * COUNT
    assert all(len(each["attempts"]) <= 3 for each in ladders())
    # Lost: none of the texts is missing. Doubled: no text left under two ids, and no
    # id carried two texts, so a gateway that knows its ids has delivered each once.
    texts = [text for texts in ledger.texts_by_id.values() for text in texts]
    assert sorted(texts) == sorted(f"text {number}" for number in range(COUNT))
