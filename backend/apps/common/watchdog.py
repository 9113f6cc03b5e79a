"""Find out within two seconds that the database does not answer.

A paused PostgreSQL keeps its connections open, and a driver waits in them for ever
whatever the server-side time limits say; so one thread asks, and the edge looks at how
long it has been waiting.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.common import metrics
from apps.common.probing import private_connection

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
PATIENCE_SECONDS = 2.0


class Watchdog:
    """Asks the database from a thread of its own until it is stopped."""

    def __init__(
        self,
        connect: Callable[[], BaseDatabaseWrapper] = private_connection,
        *,
        interval_seconds: float = INTERVAL_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._connect = connect
        self._interval_seconds = interval_seconds
        self._patience_seconds = patience_seconds
        self._stopped = threading.Event()
        self._unanswered_since: float | None = None
        self._thread = threading.Thread(
            target=self._watch,
            name="database-watchdog",
            daemon=True,
        )

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Stop asking; a question that hangs is left behind."""
        self._stopped.set()

    def is_answering(self) -> bool:
        """Say whether the last question was answered, or is young enough to be."""
        since = self._unanswered_since
        return since is None or time.monotonic() - since < self._patience_seconds

    def _watch(self) -> None:
        connection: BaseDatabaseWrapper | None = None
        was_answering = True
        while not self._stopped.is_set():
            if self._unanswered_since is None:
                self._unanswered_since = time.monotonic()
            connection = connection or self._connect()
            if _asks(connection):
                self._unanswered_since = None
            else:
                connection = None
            if self.is_answering() != was_answering:
                was_answering = not was_answering
                logger.warning("database answers: %s", was_answering)
            self._stopped.wait(self._interval_seconds)
        if connection is not None:
            _close(connection)


def _asks(connection: BaseDatabaseWrapper) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except Error:
        _close(connection)
        return False


def _close(connection: BaseDatabaseWrapper) -> None:
    with contextlib.suppress(Error):
        connection.close()


class _State:
    watchdog: Watchdog | None = None


def start() -> None:
    """Start this process's watchdog, unless it runs."""
    if _State.watchdog is None:
        _State.watchdog = Watchdog()
        _State.watchdog.start()


def stop() -> None:
    """Stop this process's watchdog; the database counts as answering from then on."""
    if _State.watchdog is not None:
        _State.watchdog.stop()
        _State.watchdog = None


def is_answering() -> bool:
    """Say whether the database answers, as far as this process watches it."""
    watchdog = _State.watchdog
    return watchdog is None or watchdog.is_answering()


metrics.DATABASE_ANSWERING.set_function(lambda: float(is_answering()))
