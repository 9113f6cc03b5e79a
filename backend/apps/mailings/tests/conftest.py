"""What the tests of this app share: an engine to run, and what was published."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connections

from apps.mailings import engine, waking
from apps.mailings.engine import Engine
from apps.mailings.tests.builders import FakeGateway
from apps.push import publishing

Send = Callable[..., bool]


class Shared:
    """The engine's database thread, on the connection that has the test's rows."""

    def __init__(self) -> None:
        self._connection = connections["default"]
        self._connection.inc_thread_sharing()
        self._threads = ThreadPoolExecutor(1, initializer=self._share)

    def _share(self) -> None:
        connections["default"] = self._connection

    async def run(self, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Call it there."""
        loop = asyncio.get_running_loop()
        call = partial(function, *args, **named)
        return await loop.run_in_executor(self._threads, call)

    def close(self) -> None:
        """Leave the connection to the test."""
        self._threads.shutdown()
        self._connection.dec_thread_sharing()


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the tasks that would be woken."""
    found: list[str] = []
    monkeypatch.setattr(waking, "wake", found.append)
    return found


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Collect frames instead of publishing them."""
    heard: list[tuple[str, dict[str, Any]]] = []

    def frame(group: str, text: str, **_: Any) -> None:
        heard.append((group, json.loads(text)))

    monkeypatch.setattr(publishing, "publish_frame", frame)
    return heard


@pytest.fixture
def send(monkeypatch: pytest.MonkeyPatch) -> Send:
    """Run the engine once over what is due, against a gateway of the test's.

    None: with the real client, and the gateway of the settings.
    """
    monkeypatch.setattr(engine, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(engine, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(engine, "SCARCE_SECONDS", 0.0)
    monkeypatch.setattr(engine, "SETTLE_SECONDS", 0.0)

    def run(gateway: FakeGateway | None, **options: Any) -> bool:
        database: Any = Shared()
        if gateway is not None:
            gateway.database = database
        loop = Engine(sender=gateway, database=database, seconds=20, **options)
        return asyncio.run(loop.run())

    return run
