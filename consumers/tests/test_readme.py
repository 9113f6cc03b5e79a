"""The README's ways to publish, as they stand there."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

from consumers.tests.station import Station
from tests.docs.pages import README, blocks

ADDRESS = "amqp://guest:guest@localhost:5672/%2F"


def block(name: str) -> str:
    """Return a block of the README."""
    [text] = [each.text for each in blocks(README) if each.name == name]
    assert text.count(ADDRESS) == 1
    return text


def test_d07_publishing_takes_five_lines_of_python(station: Station) -> None:
    _listen_under_the_real_names(station)
    script = block("rabbitmq-python").replace(ADDRESS, station.rabbitmq_url)

    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)

    assert len(ast.parse(script).body) == 5
    station.wait(lambda: station.notifications() == 1, "the notification")
    [(properties, result)] = station.results(1)
    assert (properties.correlation_id, result["status"]) == ("hello-1", "created")


def test_d07_publishing_takes_one_command(station: Station, amqp_publish: str) -> None:
    _listen_under_the_real_names(station)
    command = block("rabbitmq-shell").replace(ADDRESS, station.rabbitmq_url)
    path = os.pathsep.join([str(Path(amqp_publish).parent), os.environ["PATH"]])

    subprocess.run(
        ["sh", "-c", command], env={**os.environ, "PATH": path}, check=True, timeout=30
    )

    station.wait(lambda: station.notifications() == 1, "the notification")


def test_the_command_says_what_the_listener_listens_to() -> None:
    command = block("rabbitmq-shell")

    assert re.search(r"--exchange notifications_exchange\b", command)
    assert re.search(r"--routing-key notifications\.send\b", command)
    assert block("rabbitmq-listen").endswith("-m consumers\n")


def _listen_under_the_real_names(station: Station) -> None:
    station.rename("")
    station.listen_until_ready()
    # The README's user is the demo's John.
    station.database.execute(
        b"UPDATE accounts_user SET id = 2 WHERE username = 'user0'"
        b" AND NOT EXISTS (SELECT FROM accounts_user WHERE id = 2)"
    )
