"""Short loops over what is due; each is safe to run twice, at once, late."""

import time
from datetime import datetime

from celery import shared_task

from apps.alerts import journal, outside, preferences, reminders, services, versions
from apps.common import chunks, clock

LOOP_SECONDS = 20


@shared_task(name="alerts.settle")
def settle() -> None:
    """Publish what starts and withdraw what expires."""
    services.settle_due(clock.now())


@shared_task(name="alerts.keep_journal")
def keep_journal() -> None:
    """Write who was told, and count what people did."""
    end = time.monotonic() + LOOP_SECONDS
    while time.monotonic() < end and journal.count_preferences():
        continue
    chunks.work_off(
        lambda failed: journal.tell_some(clock.now(), failed),
        seconds=end - time.monotonic(),
    )


@shared_task(name=outside.TASK)
def tell_outside() -> None:
    """Send published alerts by their outside channels, and take others back."""
    chunks.work_off(
        lambda failed: outside.tell_some(clock.now(), failed),
        seconds=LOOP_SECONDS,
    )


@shared_task(name="alerts.record_delivered")
def record_delivered(pairs: list[tuple[int, int]], at: str) -> None:
    """Write who was shown what."""
    journal.record_delivered(pairs, at=datetime.fromisoformat(at))


@shared_task(name="alerts.send_reminders")
def send_reminders() -> None:
    """Remind whom a slot has come for; what is left, the next run does."""
    end = time.monotonic() + LOOP_SECONDS
    reminders.release_held(clock.now())
    for alert_id in reminders.due(clock.now()):
        while time.monotonic() < end and reminders.remind_some(
            alert_id, now=clock.now()
        ):
            continue


@shared_task(name="alerts.reset_daily_snoozes")
def reset_daily_snoozes() -> None:
    """End the snoozes that are over: day-long ones at midnight where the user is."""
    preferences.end_due_snoozes(clock.now())


@shared_task(name="alerts.tell_newcomers")
def tell_newcomers() -> None:
    """Look for people who joined an audience since it was told."""
    journal.tell_newcomers(clock.now())


@shared_task(name="alerts.prune")
def prune() -> None:
    """Forget what is past its use."""
    versions.prune()
    journal.prune(clock.now())
