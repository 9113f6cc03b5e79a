"""How worker and beat show that they live, each on its own.

The worker's sign is this task, run by it. The beat's sign is written in the beat's
process when a message of its timetable has reached the broker. So that a worker is seen
without a beat, it also sends itself the task; in a process of its own through a queue
that nobody else reads, so that it notices when it takes nothing any more, and ends
itself (see `apps.common.stalling`).
"""

import logging
import threading
import uuid
from typing import Any

from celery import current_app, shared_task
from celery.signals import (
    after_task_publish,
    beat_init,
    before_task_publish,
    heartbeat_sent,
    task_postrun,
    task_prerun,
    worker_ready,
    worker_shutting_down,
)
from celery.worker import state
from django.conf import settings
from django.db import Error, close_old_connections
from kombu import Queue
from kombu.exceptions import OperationalError

from apps.common import clock, status
from apps.common.stalling import Guard

logger = logging.getLogger(__name__)

TASK = "common.sign_of_life"
TICK_SECONDS = 5.0
# Ticks that nobody has taken for this long are dropped, not piled up.
TICK_EXPIRES_SECONDS = 15.0
QUEUE_EXPIRES_SECONDS = 300.0
SENT_BY_BEAT = {"sent_by": status.BEAT}

_stopped = threading.Event()
# Made at import: the worker's children, forked later, must share its memory.
_worker_guard = Guard(status.WORKER, patience_seconds=settings.STALL_SECONDS)
_beat_guard = Guard(status.BEAT, patience_seconds=settings.STALL_SECONDS)


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
def start_ticking(sender: Any, **_: Any) -> None:
    """Send this worker its ticks from a thread of its own."""
    _stopped.clear()
    options: dict[str, Any] = {"expires": TICK_EXPIRES_SECONDS}
    if not settings.CELERY_IS_EMBEDDED:
        options["queue"] = _private_queue(sender)
        _guard_worker(sender)
    threading.Thread(
        target=_tick,
        args=(options,),
        name="worker-ticks",
        daemon=True,
    ).start()


@worker_shutting_down.connect
def stop_ticking(**_: Any) -> None:
    """End the ticks; a worker that finishes its tasks takes its time."""
    _stopped.set()
    _worker_guard.stop()


@beat_init.connect
def guard_beat(**_: Any) -> None:
    """End a beat that sends nothing, not even in vain."""
    if not settings.CELERY_IS_EMBEDDED:
        before_task_publish.connect(_show_beat_lives)
        _beat_guard.start()


def _show_beat_lives(**_: Any) -> None:
    _beat_guard.sign()


def _guard_worker(consumer: Any) -> None:
    """End a worker that neither starts nor ends a task, though it has room for one.

    One that is full is alive as long as its loop is: Celery itself limits tasks' time.
    """
    slots = consumer.pool.num_processes

    def show_loop_lives(**_: Any) -> None:
        if len(state.active_requests) >= slots:
            _worker_guard.sign()

    heartbeat_sent.connect(show_loop_lives, weak=False)
    _worker_guard.start()


@task_prerun.connect
@task_postrun.connect
def show_work(**_: Any) -> None:
    """Show that a task begins or ends; runs in the worker's child."""
    _worker_guard.sign()


def _private_queue(consumer: Any) -> str:
    """Have the worker read one more queue, which is gone soon after it."""
    name = f"{settings.CELERY_TASK_DEFAULT_QUEUE}.{uuid.uuid4().hex}"
    # Durable, as RabbitMQ gives up queues that are neither durable nor exclusive.
    queue = Queue(name, routing_key=name, expires=QUEUE_EXPIRES_SECONDS)
    current_app.amqp.queues.select_add(queue)
    consumer.task_consumer.add_queue(queue)
    consumer.task_consumer.consume()
    return name


def _tick(options: dict[str, Any]) -> None:
    while not _stopped.is_set():
        try:
            clock.synchronize()
        except Error:
            logger.warning("clock not synchronized")
        close_old_connections()
        try:
            current_app.send_task(TASK, **options)
        except OperationalError:
            # Nothing can be taken where nothing can be sent: the broker is away.
            _worker_guard.sign()
            logger.warning("the broker does not take ticks")
        _stopped.wait(TICK_SECONDS)
