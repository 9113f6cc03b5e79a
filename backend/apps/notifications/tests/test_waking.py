"""Waking a worker: never waited for, never fatal."""

import threading
import time

import celery
import pytest
from kombu.exceptions import OperationalError

from apps.notifications import broadcasts

DEADLINE_SECONDS = 20.0


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> "Broker":
    """Stand in for the broker."""
    broker = Broker()
    monkeypatch.setattr(celery.current_app, "send_task", broker.send_task)
    return broker


class Broker:
    """A broker that answers when it is let."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.asked: list[str] = []
        self.error: Exception | None = None

    def send_task(self, name: str, *, retry: bool) -> None:
        """Take a task."""
        self.asked.append(name)
        assert self.answers.wait(DEADLINE_SECONDS)
        if self.error:
            raise self.error


def wait_until_idle() -> None:
    """Wait for the thread that asks."""
    assert broadcasts._waking.acquire(timeout=DEADLINE_SECONDS)
    broadcasts._waking.release()


def test_a_hanging_broker_holds_nobody_up(broker: Broker) -> None:
    start = time.monotonic()
    broadcasts.wake()
    broadcasts.wake()
    took = time.monotonic() - start

    broker.answers.set()
    wait_until_idle()
    assert took < DEADLINE_SECONDS / 2
    assert broker.asked == ["notifications.run_broadcasts"]


def test_a_dead_broker_is_noted_and_forgotten(
    broker: Broker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker.error = OperationalError()
    broker.answers.set()

    broadcasts.wake()
    wait_until_idle()

    assert "no worker woken" in caplog.text


def test_every_thread_wakes_through_our_own_application() -> None:
    found: list[object] = []
    thread = threading.Thread(
        target=lambda: found.append(celery.current_app.main),
    )
    thread.start()
    thread.join()

    assert found == ["carillon"]
