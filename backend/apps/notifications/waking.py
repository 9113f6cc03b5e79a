"""Asking a worker to look, without waiting for the broker."""

import logging
import threading

import celery
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)

_lock = threading.Lock()
_under_way: set[str] = set()
_again: set[str] = set()


def wake(task: str) -> None:
    """Send a task; one wake-up at a time is enough.

    Lost with it is no more than two seconds: the timetable asks too.
    """
    with _lock:
        if task in _under_way:
            # The one on its way may be too early for what is new.
            _again.add(task)
            return
        _under_way.add(task)
    threading.Thread(
        target=_wake, args=(task,), name="wake-worker", daemon=True
    ).start()


def _wake(task: str) -> None:
    is_wanted = True
    while is_wanted:
        try:
            celery.current_app.send_task(task, retry=False)
        except (KombuError, OSError) as error:
            logger.warning("no worker woken", extra={"error": type(error).__name__})
        with _lock:
            is_wanted = task in _again
            _again.discard(task)
            if not is_wanted:
                _under_way.discard(task)
