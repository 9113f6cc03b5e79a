"""Celery's worker and beat as threads of the server: the embedded default.

The broker is in memory, so nobody else can take the tasks; what is due is in the
database, so nothing is lost when the process ends.
"""

import logging
import threading
import warnings
from typing import Any

from celery import beat, current_app
from celery.app import app_or_default
from celery.exceptions import SecurityWarning
from celery.signals import worker_shutting_down
from django.conf import settings

from apps.common import timetable

logger = logging.getLogger(__name__)

# The last is for the loops of the queue `engine`, of which one runs in a process.
CONCURRENCY = 5
QUEUES = ["sweeps", "engine"]
# Usually a few milliseconds; a worker that is left running when Python ends complains.
STOP_SECONDS = 1.5


class _Embedded:
    worker: Any = None
    beat: Any = None
    thread: threading.Thread | None = None


def start() -> None:
    """Start both, unless a broker is configured or they run already."""
    if not settings.CELERY_IS_EMBEDDED or _Embedded.thread is not None:
        return
    # It warns of root because of pickle; only JSON is accepted here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    app = app_or_default()
    _Embedded.worker = app.Worker(
        pool="threads",
        concurrency=CONCURRENCY,
        queues=QUEUES,
        quiet=True,
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
    )
    _Embedded.thread = threading.Thread(
        target=_Embedded.worker.start,
        name="worker",
        daemon=True,
    )
    _Embedded.beat = beat.EmbeddedService(
        app,
        thread=True,
        max_interval=1,
        scheduler_cls=timetable.Scheduler,
    )
    _Embedded.thread.start()
    _Embedded.beat.start()


def stop() -> None:
    """Stop both; what a task holds is claimed again after the next start."""
    if _Embedded.thread is None:
        return
    # As a worker of its own does when it is told to end: loops finish.
    worker_shutting_down.send(sender="embedded", sig="TERM", how="warm", exitcode=0)
    _Embedded.beat.service.stop(wait=False)
    _Embedded.worker.should_stop = True
    # The worker looks at its flags only between messages.
    for _ in range(2):
        current_app.send_task("common.sign_of_life")
    _Embedded.thread.join(STOP_SECONDS)
    _Embedded.thread = None
