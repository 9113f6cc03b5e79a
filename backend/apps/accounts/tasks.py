"""The app's work in the background."""

from celery import shared_task

from apps.accounts import retention
from apps.common import clock


@shared_task(name="accounts.prune")
def prune() -> None:
    """Forget credentials that are past use."""
    retention.prune(clock.now())
