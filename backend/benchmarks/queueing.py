"""Line 6: a full queue of RabbitMQ is emptied into the sockets.

The consumer has a core of its own here; everything else shares the other.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika

from benchmarks import cores
from benchmarks.contenders import Carillon, Stock, processor_seconds
from benchmarks.crowd import Crowd
from benchmarks.measuring import Measured
from benchmarks.sending import TEXT

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 30.0
DRAIN_SECONDS = 120.0
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Queue:
    """Where messages are put, and where results come."""

    exchange: str
    routing_key: str
    name: str
    results: str


STOCK = Queue("", "stock.send", "stock.send", "stock.results")


def _queue(contender: Carillon | Stock) -> Queue:
    if isinstance(contender, Stock):
        return STOCK
    prefix = contender.environment["RABBITMQ_PREFIX"]
    return Queue(
        f"{prefix}notifications_exchange",
        "notifications.send",
        f"{prefix}notifications.send",
        f"{prefix}notifications.results",
    )


class Broker:
    """A connection to RabbitMQ."""

    def __init__(self) -> None:
        self.url = os.environ["TEST_RABBITMQ_URL"]
        self._connection = pika.BlockingConnection(
            pika.URLParameters(f"{self.url}?heartbeat=0"),
        )
        self._channel = self._connection.channel()
        self._channel.confirm_delivery()

    def declare_stock(self) -> None:
        """Declare what the tutorial declares."""
        for name in (STOCK.name, STOCK.results):
            self._channel.queue_declare(name, durable=True)

    def exists(self, queue: Queue) -> bool:
        """Say whether the consumer has declared its queues."""
        probe = self._connection.channel()
        try:
            probe.queue_declare(queue.results, passive=True)
        except pika.exceptions.ChannelClosedByBroker:
            return False
        probe.close()
        return True

    def depth(self, name: str) -> int:
        """Count the messages that wait in a queue."""
        answer: Any = self._channel.queue_declare(name, passive=True)
        return int(answer.method.message_count)

    def fill(
        self,
        queue: Queue,
        people: Sequence[int],
        *,
        count: int,
        with_results: bool,
    ) -> None:
        """Put so many persistent messages into an empty queue."""
        self._channel.queue_purge(queue.results)
        publisher = self._connection.channel()
        for number in range(count):
            name = uuid.uuid4().hex
            value = {"order": number, "text": TEXT, "sent_at": 0.0}
            body = {"user_id": people[number % len(people)], "payload": value}
            publisher.basic_publish(
                queue.exchange,
                queue.routing_key,
                json.dumps(body).encode(),
                pika.BasicProperties(
                    message_id=name,
                    correlation_id=name if with_results else None,
                    delivery_mode=2,
                ),
            )
        deadline = time.monotonic() + READY_SECONDS
        while self.depth(queue.name) < count and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        publisher.close()

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


@contextlib.asynccontextmanager
async def _consumer(contender: Carillon | Stock) -> AsyncIterator[int]:
    """Run a contender's consumer on the core of its own; yield its process id."""
    url = os.environ["TEST_RABBITMQ_URL"]
    if isinstance(contender, Carillon):
        command = [sys.executable, "-m", "consumers"]
        extra = {"RABBITMQ_URL": url, "READ_DOT_ENV": "0"}
    else:
        command = contender.command("listen", url, STOCK.name, STOCK.results)
        extra = {}
    with cores.on(cores.GENERATOR):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **contender.environment, **extra},
        )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            await asyncio.sleep(LOOK_SECONDS)


async def prepare(contender: Carillon | Stock, broker: Broker) -> None:
    """Let the queues be declared."""
    if isinstance(contender, Stock):
        broker.declare_stock()
        return
    async with _consumer(contender):
        async with asyncio.timeout(READY_SECONDS):
            while not broker.exists(_queue(contender)):
                await asyncio.sleep(0.1)


async def drain(
    contender: Carillon | Stock,
    crowd: Crowd,
    broker: Broker,
    *,
    count: int,
    with_results: bool,
) -> Measured:
    """Fill the queue, start the consumer, and time the first to the last arrival."""
    is_carillon = isinstance(contender, Carillon)
    queue = _queue(contender)
    broker.fill(queue, contender.people, count=count, with_results=with_results)
    tally = crowd.tally(is_numbered=is_carillon)
    expected_results = count if with_results else 0
    async with _consumer(contender) as pid:
        deadline = time.monotonic() + READY_SECONDS
        while not tally.received and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_SECONDS / 10)
        began, first = time.perf_counter(), tally.received
        server = processor_seconds([pid])
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline and not (
            tally.received >= count and broker.depth(queue.results) >= expected_results
        ):
            await asyncio.sleep(LOOK_SECONDS)
        lasted = time.perf_counter() - began
        server = processor_seconds([pid]) - server
    done = tally.received - first
    return Measured(
        rate=done / lasted,
        cost=server / max(done, 1) * 1e6,
        lost=count - tally.received + tally.gaps,
    )
