"""The process: an I/O thread, a worker thread, their guards, signals and exit codes."""

import logging
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from apps.common import garbage
from apps.common.stalling import Guard
from apps.push import publishing
from consumers.amqp import Intake, Outlet, new_loop
from consumers.messages import Incoming
from consumers.models import OutboxResult
from consumers.worker import Worker

logger = logging.getLogger(__name__)

NOT_CONFIGURED = 2
REFUSED = 3
TICK_SECONDS = 0.1
# For the broker to hear that we leave, so that it logs no lost connection.
GOODBYE_SECONDS = 0.2


def run() -> int:
    """Listen until a signal comes; say the exit code."""
    if not settings.RABBITMQ_URL:
        sys.stderr.write(
            "carillon: RABBITMQ_URL is not set; set it to the address of your "
            "RabbitMQ, such as amqp://user:password@host:5672/vhost.\n",
        )
        return NOT_CONFIGURED
    import_string(settings.REFUSE_TO_START)(alone=False)
    listener = Listener()
    garbage.keep_imports()
    return listener.run()


class Listener:
    """Joins what comes in, the worker, and what goes out."""

    def __init__(self) -> None:
        self.loop = new_loop()
        self.worker = Worker(
            on_done=self._in_loop(self._done),
            on_rows=self._in_loop(self._publish),
            on_finished=self._in_loop(self._finished),
        )
        self.intake = Intake(
            self.loop,
            on_refused=self._refused,
            on_message=self.worker.put,
            is_worker_free=lambda: self.worker.busy_since is None,
        )
        self.outlet = Outlet(
            self.loop,
            on_refused=self._refused,
            on_confirmed=self.worker.confirmed,
            on_returned=self.worker.returned,
        )
        self._exit_code = 0
        self._stops_at: float | None = None
        self._is_drained = False
        self._guard = Guard(
            "rabbitmq_consumer",
            patience_seconds=settings.STALL_SECONDS,
        )

    def run(self) -> int:
        """Listen until a signal comes or RabbitMQ refuses for good."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        self._guard.start()
        self.worker.start()
        self.intake.open()
        self.outlet.open()
        self._tick()
        self.loop.start()
        self._guard.stop()
        self.loop.close()
        publishing.flush(timeout_seconds=1.0)
        return self._exit_code

    def _in_loop(self, effect: Any) -> Any:
        def call(*arguments: Any) -> None:
            self.loop.add_callback_threadsafe(partial(effect, *arguments))

        return call

    def _done(self, messages: Sequence[Incoming], are_all_before: bool) -> None:  # noqa: FBT001  (called by position)
        self.intake.done(messages, are_all_before=are_all_before)

    def _publish(self, rows: Sequence[OutboxResult]) -> None:
        if rows:
            self.outlet.publish(rows)

    def _refused(self, sentence: str) -> None:
        if self._exit_code != REFUSED:  # the other line hears the same
            sys.stderr.write(f"carillon: {sentence}\n")
        self._exit_code = REFUSED
        self.loop.stop()

    def _tick(self) -> None:
        """Look at what no event tells."""
        self._guard.sign()
        now = time.monotonic()
        self.loop.call_later(TICK_SECONDS, self._tick)
        self.worker.generation = self.intake.generation
        self.worker.may_publish = self.outlet.is_ready
        self.worker.is_connected = self.intake.is_ready and not self.intake.is_paused
        if self._stops_at is None:
            self._mind_worker(now)
        elif now > self._stops_at or (self._is_drained and self.outlet.is_empty):
            self._leave(now)

    def _mind_worker(self, now: float) -> None:
        """Stop fetching while the database is away, and let go after long."""
        since = self.worker.busy_since
        busy = 0.0 if since is None else now - since
        if busy == 0.0 and self.intake.is_paused:
            self.intake.resume()
        elif busy > settings.RABBITMQ_RELEASE_SECONDS:
            self.intake.drop()
        elif busy > settings.RABBITMQ_PAUSE_SECONDS and not self.intake.is_paused:
            logger.warning("the database is away: nothing more is fetched")
            self.intake.pause()

    def _signalled(self, *_: Any) -> None:
        self.loop.add_callback_threadsafe(self._stop)

    def _stop(self) -> None:
        """Fetch nothing more, and finish what is here."""
        if self._stops_at is None:
            self._stops_at = time.monotonic() + settings.RABBITMQ_SHUTDOWN_SECONDS
            self.intake.pause(then=self.worker.finish)

    def _finished(self) -> None:
        self._is_drained = True
        if self.worker.is_ending:
            self.intake.close()
            self.outlet.close()
            self.loop.call_later(GOODBYE_SECONDS, self.loop.stop)

    def _leave(self, now: float) -> None:
        """End the worker, which deletes what was confirmed, or end without it."""
        if self._stops_at is not None and now > self._stops_at:
            self.loop.stop()
        elif not self.worker.is_ending:
            self.worker.end()
