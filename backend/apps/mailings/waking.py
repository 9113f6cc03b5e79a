"""Ask workers to look now; whatever is asked is in the database as well."""

import logging
import threading

import celery
from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)

RUN = "mailings.run"
SETTLE = "mailings.settle"
IMPORT = "mailings.run_imports"
EXPIRES_SECONDS = 30
_waking: dict[str, threading.Lock] = {}


def wake(task: str) -> None:
    """Ask a worker to look, without waiting for the broker.

    Lost with it is no more than two seconds: the timetable asks too.
    """
    lock = _waking.setdefault(task, threading.Lock())
    if lock.acquire(blocking=False):
        name = f"wake-{task}"
        threading.Thread(
            target=_send, args=(task, lock), name=name, daemon=True
        ).start()


def _send(task: str, lock: threading.Lock) -> None:
    try:
        celery.current_app.send_task(task, expires=EXPIRES_SECONDS, retry=False)
    except (KombuError, OSError) as error:
        logger.warning("no worker woken", extra={"error": type(error).__name__})
    finally:
        lock.release()
