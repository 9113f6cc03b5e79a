"""How soon an alert to everyone is on every open page of one server.

Part of `benchmarks.alerts`; alone, in `backend/` with a database that may be filled:

    python manage.py shell -c "from benchmarks.alert_sockets import main; main()"
"""

import asyncio
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.core.management import call_command
from picows import WSFrame

from apps.accounts import tokens
from apps.accounts.models import User
from apps.common import clock
from benchmarks.crowd import Crowd, Place, Reader
from tests.processes import wait_until
from tooling.services.ports import free_port

SOCKETS = int(os.environ.get("ALERTS_SOCKETS", "500"))
ROUNDS = 5
START_SECONDS = 60
SHOWN_SECONDS = 30
DAY = timedelta(days=1)
MANAGE = Path(__file__).resolve().parents[1] / "manage.py"


def main() -> None:
    """Fill the database and measure."""
    call_command("migrate", verbosity=0)
    showing()


def showing() -> None:
    """Connect the pages, publish some alerts to everyone, and print how soon."""
    logging.getLogger("picows").setLevel(logging.WARNING)
    people = _people()
    administrator = User.objects.create(username="bench-writer", is_admin=True)
    with _server() as port:
        times = asyncio.run(
            _measure(port, [_token(each) for each in people], _token(administrator))
        )
    spread = f"median {statistics.median(times):.2f} s, longest {max(times):.2f} s"
    sys.stdout.write(f"{f'on all of {len(people)} open pages':40} {spread}\n")


def _people() -> list[User]:
    users = [User(username=f"bench-page-{number}") for number in range(SOCKETS)]
    return User.objects.bulk_create(users)


def _token(user: User) -> str:
    return str(tokens.create_token(user, lifetime=DAY, now=clock.now()).token)


@contextmanager
def _server() -> Iterator[int]:
    """Run a server on this database while it is needed; say its port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, str(MANAGE), "serve", "--port", str(port)]
        environment = {**os.environ, "DATA_DIR": folder, "DEBUG": "1"}
        if not os.environ.get("DATABASE_URL"):
            environment["DATA_DIR"] = os.environ["DATA_DIR"]
        with (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            try:
                wait_until(
                    lambda: _is_ready(port),
                    seconds=START_SECONDS,
                    what="the server is ready",
                )
                yield port
            finally:
                server.terminate()
                server.wait()


def _is_ready(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close()
    except OSError:
        return False
    return True


async def _measure(port: int, readers: list[str], writer: str) -> list[float]:
    crowd = Crowd(greets=True)
    places = [
        Place(
            number,
            f"ws://127.0.0.1:{port}/ws/notifications/",
            (("Authorization", f"Token {token}"),),
        )
        for number, token in enumerate(readers)
    ]
    await crowd.connect(places)
    times = [await _publish_and_wait(crowd, port, writer) for _ in range(ROUNDS)]
    await crowd.close()
    return times


async def _publish_and_wait(crowd: Crowd, port: int, writer: str) -> float:
    """Say how long after the request began the last page had the alert."""
    missing = set(range(len(crowd.readers)))
    is_everywhere = asyncio.Event()

    def take(reader: Reader, frame: WSFrame) -> None:
        message = json.loads(frame.get_payload_as_ascii_text())
        if message["type"] == "alert" and message["change"] == "published":
            missing.discard(reader.person)
            if not missing:
                is_everywhere.set()

    crowd.take = take
    began = time.perf_counter()
    async with asyncio.timeout(SHOWN_SECONDS):
        await asyncio.gather(
            asyncio.to_thread(_publish, port, writer), is_everywhere.wait()
        )
    return time.perf_counter() - began


def _publish(port: int, writer: str) -> None:
    now = clock.now()
    body = {
        "title": "On every page",
        "message": "Now.",
        "severity": "critical",
        "visibility_type": "organization",
        "expiry_time": (now + DAY).isoformat(),
        "reminders_enabled": False,
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/admin/alerts/",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Token {writer}",
            "Content-Type": "application/json",
        },
    )
    urllib.request.urlopen(request).close()  # noqa: S310  (the address is ours)
