"""Short loops over rows that are due."""

import time

from celery import shared_task

from apps.common import clock
from apps.events import retention, sends

SEND_SECONDS = 20


@shared_task(name="events.run_sends")
def run_sends() -> None:
    """Queue chunks until there are none, or it is another task's turn."""
    end = time.monotonic() + SEND_SECONDS
    while time.monotonic() < end and sends.send_next_chunk():
        continue


@shared_task(name="events.prune")
def prune() -> None:
    """Delete what is past its retention."""
    retention.prune(clock.now())
