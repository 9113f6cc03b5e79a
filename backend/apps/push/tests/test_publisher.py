"""The publisher: never blocks, never raises, gives a failing Redis a rest."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from apps.push import publisher as module
from apps.push.hints import RecheckHint
from apps.push.publisher import Publisher


class Layer:
    """Stands in for Redis: keeps, fails or hangs."""

    def __init__(self, *, fails: bool = False, hangs: bool = False) -> None:
        self.fails, self.hangs = fails, hangs
        self.batches: list[list[int]] = []
        self.calls = 0

    async def group_send_many(self, messages: Sequence[tuple[str, Any]]) -> None:
        self.calls += 1
        if self.fails:
            raise ConnectionError
        while self.hangs:  # noqa: ASYNC110  (the test ends it from another thread)
            await asyncio.sleep(0.01)
        self.batches.append([message["user"] for _, message in messages])


def hint(number: int) -> RecheckHint:
    return {"type": "recheck", "group": "user.1", "user": number}


def test_hints_arrive_in_order_and_in_batches() -> None:
    layer = Layer()
    publisher = Publisher(layer)  # type: ignore[arg-type]

    for number in range(1200):
        publisher.publish(hint(number))

    assert publisher.flush(5)
    assert [user for batch in layer.batches for user in batch] == list(range(1200))
    assert max(map(len, layer.batches)) <= module.BATCH_LIMIT


def test_a_caller_does_not_wait_for_a_redis_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SEND_TIMEOUT_SECONDS", 60)
    layer = Layer(hangs=True)
    publisher = Publisher(layer)  # type: ignore[arg-type]

    started = time.monotonic()
    for number in range(100):
        publisher.publish(hint(number))

    assert time.monotonic() - started < module.SEND_TIMEOUT_SECONDS / 2
    assert layer.batches == []
    layer.hangs = False
    assert publisher.flush(20)


def test_after_three_failures_redis_is_left_alone() -> None:
    layer = Layer(fails=True)
    publisher = Publisher(layer)  # type: ignore[arg-type]

    for number in range(20):
        publisher.publish(hint(number))
        assert publisher.flush(5)

    assert layer.calls == module.FAILURES_BEFORE_REST


def test_what_does_not_fit_into_the_queue_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "QUEUE_LIMIT", 0)
    layer = Layer()
    publisher = Publisher(layer)  # type: ignore[arg-type]

    publisher.publish(hint(1))

    assert publisher.flush(1)
    assert layer.calls == 0
