"""How worker and beat show that they live, each on its own.

The worker's sign is this task, run by it. The beat's sign is written in the beat's
process when a message of its timetable has reached the broker. So that a worker is seen
without a beat, it also sends itself the task.
"""

import logging
import threading
from typing import Any

from celery import current_app, shared_task
from celery.signals import after_task_publish, worker_ready, worker_shutting_down
from django.db import Error, close_old_connections
from kombu.exceptions import OperationalError

from apps.common import clock, status

logger = logging.getLogger(__name__)

TASK = "common.sign_of_life"
TICK_SECONDS = 5.0
# Ticks that nobody has taken for this long are dropped, not piled up.
TICK_EXPIRES_SECONDS = 15.0
SENT_BY_BEAT = {"sent_by": status.BEAT}

_stopped = threading.Event()


@shared_task(name=TASK)
def sign_of_life() -> None:
    """Show that a worker takes tasks and runs them."""
    status.sign(status.WORKER)


@after_task_publish.connect(sender=TASK)
def show_beat(headers: dict[str, Any], **_: Any) -> None:
    """Show that the beat's timetable reaches the broker."""
    if headers.get("sent_by") == status.BEAT:
        status.sign(status.BEAT)
        close_old_connections()


@worker_ready.connect
def start_ticking(**_: Any) -> None:
    """Send this worker its ticks from a thread of its own."""
    _stopped.clear()
    threading.Thread(target=_tick, name="worker-ticks", daemon=True).start()


@worker_shutting_down.connect
def stop_ticking(**_: Any) -> None:
    """End the ticks."""
    _stopped.set()


def _tick() -> None:
    while not _stopped.is_set():
        try:
            clock.synchronize()
        except Error:
            logger.warning("clock not synchronized")
        close_old_connections()
        try:
            current_app.send_task(TASK, expires=TICK_EXPIRES_SECONDS)
        except OperationalError:
            logger.warning("the broker does not take ticks")
        _stopped.wait(TICK_SECONDS)
