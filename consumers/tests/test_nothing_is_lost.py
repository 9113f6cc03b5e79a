"""N1: consumers and the broker die by kill -9; nothing is lost, doubled or left out.

N1_COUNTS names a file for what was counted, also where that was not as it should be.
"""

import contextlib
import gc
import json
import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPError

from consumers.tests.station import Listener, Station, drop_database, new_database
from tests.processes import wait_until
from tooling.services.process import answers
from tooling.services.servers import Running, start_rabbitmq

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(int(os.environ.get("N1_SECONDS", "180"))),
    # pika leaves the sockets of a connection that broke to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

# `make chaos` asks for more.
MESSAGES = int(os.environ.get("N1_MESSAGES", "5000"))
CONSUMER_KILLS = int(os.environ.get("N1_CONSUMER_KILLS", "10"))
BROKER_KILLS = int(os.environ.get("N1_BROKER_KILLS", "2"))
SEED = int(os.environ.get("SEED", "20"))
COUNTS = os.environ.get("N1_COUNTS", "")
# One in so many wants to hear what became of it.
ASKS_EVERY = 10


class Broker:
    """A RabbitMQ that may be killed, paused and started again."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.url = running.url
        self._process = running.processes[0]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the broker alone."""
        os.killpg(self._process.popen.pid, number)

    def kill(self) -> None:
        """End it as a power failure does."""
        self.signal(signal.SIGKILL)
        self._process.popen.wait()

    def start_again(self) -> None:
        """Start on what is on its disk."""
        self._process.restart()

    def is_ready(self) -> bool:
        """Say whether it speaks AMQP."""
        parameters = pika.URLParameters(self.url)
        return answers(parameters.port, say=b"AMQP\x00\x00\x09\x01", expect=b"\x01")


class Publisher(threading.Thread):
    """Publishes with confirms; what was not confirmed is published again."""

    def __init__(self, station: Station, url: str) -> None:
        super().__init__(daemon=True)
        self._station = station
        self._url = url
        self._users = station.user_ids()
        self.confirmed = 0

    def run(self) -> None:
        """Publish all."""
        while self.confirmed < MESSAGES:
            try:
                self._publish()
            except AMQPError:
                continue
        gc.collect()

    def _publish(self) -> None:
        parameters = pika.URLParameters(self._url)
        parameters.heartbeat = 2
        with pika.BlockingConnection(parameters) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            while self.confirmed < MESSAGES:
                number = self.confirmed
                body = {
                    "user_id": self._users[number % len(self._users)],
                    "payload": number,
                }
                channel.basic_publish(
                    self._station.names.exchange,
                    "notifications.send",
                    json.dumps(body).encode(),
                    pika.BasicProperties(
                        delivery_mode=2,
                        message_id=f"n{number}",
                        correlation_id=None if number % ASKS_EVERY else f"c{number}",
                    ),
                    mandatory=True,
                )
                self.confirmed += 1


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Start a broker that this test alone uses."""
    folder = tmp_path / "rabbitmq"
    folder.mkdir()
    running = start_rabbitmq(folder)
    yield Broker(running)
    running.stop()


@pytest.fixture
def private_station(
    broker: Broker,
    postgres_url: str,
    rabbitmq_url: str,
    prepared: str,
    tmp_path: Path,
) -> Iterator[Station]:
    """Listen at the private broker."""
    url = new_database(postgres_url, template=prepared)
    station = Station(url, broker.url, tmp_path)
    yield station
    for listener in station.listeners:
        listener.kill()
    station.database.close()
    with contextlib.suppress(AMQPError):
        station.broker.close()
    drop_database(postgres_url, url)
    # Here the warnings of what pika left open are ignored; at the end they are not.
    gc.collect()


def test_d08_nothing_is_lost_doubled_or_left_out_by_kill_9(
    broker: Broker,
    private_station: Station,
) -> None:
    station = private_station
    listeners = [station.listen_until_ready(), station.listen_until_ready()]
    station.broker.close()
    publisher = Publisher(station, broker.url)
    publisher.start()

    try:
        _kill_at_random(broker, station, listeners)
        publisher.join(90)
        station.wait(
            lambda: station.notifications() >= MESSAGES, "all of them", seconds=60
        )
        _meet_again(station, broker)
        # One that was replaced at the last may not have come up yet.
        station.wait(lambda: station.consumers() == 2, "both listening", seconds=60)
        unanswered = _left_unanswered(station)
        exit_codes = [listener.stop() for listener in listeners]
    finally:
        counts = _counts(station, publisher)
        if COUNTS:
            Path(COUNTS).write_text(json.dumps(counts))

    assert counts == {"accepted": MESSAGES, "delivered": MESSAGES} | dict.fromkeys(
        ("lost", "doubled", "recovered", "unexpected"), 0
    )
    assert unanswered == set()
    assert exit_codes == [0, 0]
    assert _gaps(station) == []
    assert station.dead() == 0


def _kill_at_random(
    broker: Broker, station: Station, listeners: list[Listener]
) -> None:
    """Kill one after the other while messages come in."""
    chance = random.Random(SEED)
    faults = ["consumer"] * CONSUMER_KILLS + ["broker"] * BROKER_KILLS
    chance.shuffle(faults)
    for number, fault in enumerate(faults, start=1):
        reached = MESSAGES * number // (len(faults) + 1)
        station.wait(
            lambda reached=reached: station.notifications() >= reached,
            f"{reached} notifications",
            seconds=60,
        )
        if fault == "broker":
            broker.kill()
            broker.start_again()
        else:
            _replace(listeners, chance.randrange(2), station)


def _counts(station: Station, publisher: Publisher) -> dict[str, int]:
    """Compare what RabbitMQ took with what users have, message by message."""
    rows = station.rows("SELECT payload FROM notifications_notification")
    found = Counter(int(payload) for (payload,) in rows)
    accepted, sent = range(publisher.confirmed), range(MESSAGES)
    delivered = sum(number in found for number in accepted)
    return {
        "accepted": len(accepted),
        "delivered": delivered,
        "lost": len(accepted) - delivered,
        "doubled": found.total() - len(found),
        "recovered": sum(number in sent and number not in accepted for number in found),
        "unexpected": sum(number not in sent for number in found),
    }


def _left_unanswered(station: Station) -> set[str]:
    """Read the results; name those who asked and were not told that it was made."""
    station.wait(
        lambda: station.count("consumers_outboxresult") == 0, "results", seconds=60
    )
    told: set[str] = set()
    while True:
        method, properties, body = station.channel.basic_get(
            station.names.results, auto_ack=True
        )
        if method is None:
            break
        if json.loads(body)["status"] == "created":
            told.add(properties.correlation_id)
    return {f"c{number}" for number in range(0, MESSAGES, ASKS_EVERY)} - told


def test_d08_a_paused_broker_is_noticed_and_found_again(
    broker: Broker,
    private_station: Station,
) -> None:
    station = private_station
    [user_id, *_] = station.user_ids()
    listener = station.listen_until_ready()
    station.publish({"user_id": user_id, "payload": 1})
    station.wait(lambda: station.notifications() == 1, "the first")
    station.broker.close()

    broker.signal(signal.SIGSTOP)
    try:
        station.wait(lambda: "RabbitMQ is away" in listener.log(), "the notice")
    finally:
        broker.signal(signal.SIGCONT)

    _meet_again(station, broker)
    station.wait(lambda: station.consumers() == 1, "consuming again")
    station.publish({"user_id": user_id, "payload": 2})
    station.wait(lambda: station.notifications() == 2, "the second")


def _meet_again(station: Station, broker: Broker) -> None:
    wait_until(broker.is_ready, seconds=30, what="the broker")
    station.broker = pika.BlockingConnection(pika.URLParameters(broker.url))
    station.channel = station.broker.channel()


def _replace(listeners: list[Listener], index: int, station: Station) -> None:
    listeners[index].kill()
    listeners[index] = station.listen()


def _gaps(station: Station) -> list[Any]:
    """List the users whose numbers are not 1, 2, 3 … up to their stream's last."""
    return station.rows(
        "SELECT recipient_id, count(*), max(seq), last_seq "
        "FROM notifications_notification "
        "JOIN notifications_stream ON user_id = recipient_id "
        "GROUP BY recipient_id, last_seq "
        "HAVING count(*) <> last_seq OR max(seq) <> last_seq"
    )
