"""Short loops over rows that are due."""

from celery import shared_task

from apps.common import chunks, clock, idempotency
from apps.notifications import broadcasts, delivering, faults, services

BROADCAST_SECONDS = 20
DELIVER_SECONDS = 20


@shared_task(name="notifications.run_broadcasts")
def run_broadcasts() -> None:
    """Send chunks until there are none, or it is another task's turn."""
    chunks.work_off(broadcasts.send_next_chunk, seconds=BROADCAST_SECONDS)


@shared_task(name="notifications.deliver")
def deliver() -> None:
    """Make the attempts that are due."""
    delivering.work(DELIVER_SECONDS)


@shared_task(name="notifications.tell_of_faults")
def tell_of_faults() -> None:
    """Tell administrators of settings that they must mend."""
    faults.tell_administrators(clock.now())


@shared_task(name="notifications.expire")
def expire() -> None:
    """Mark what is past its expiry."""
    services.expire_due(clock.now())


@shared_task(name="notifications.prune")
def prune() -> None:
    """Delete what is past its retention."""
    now = clock.now()
    services.prune(now)
    idempotency.prune(now)
