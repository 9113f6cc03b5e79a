"""Short loops over rows that are due."""

from celery import shared_task

from apps.common import chunks, clock
from apps.events import retention, sends

SEND_SECONDS = 20


@shared_task(name="events.run_sends")
def run_sends() -> None:
    """Queue chunks until there are none, or it is another task's turn."""
    chunks.work_off(sends.send_next_chunk, seconds=SEND_SECONDS)


@shared_task(name="events.prune")
def prune() -> None:
    """Delete what is past its retention."""
    retention.prune(clock.now())
