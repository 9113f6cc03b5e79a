"""Notes who was really shown an alert; a worker writes it down in batches.

What is noted here is kept for a second and then sent to a worker: neither a request
nor a socket waits for the log. A process that is killed loses a second of it; people
whose note was lost are noted when they are shown the alert again.
"""

import logging
import threading
from collections.abc import Iterable

import celery
from kombu.exceptions import KombuError

from apps.alerts.selectors import Shown
from apps.common import clock

logger = logging.getLogger(__name__)

TASK = "alerts.record_delivered"
GATHER_SECONDS = 1.0
PAIRS_AT_ONCE = 2000
PAIRS_LIMIT = 200_000


class _Notes:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pairs: dict[tuple[int, int], None] = {}
        self._timer: threading.Timer | None = None

    def add(self, pairs: Iterable[tuple[int, int]]) -> None:
        with self._lock:
            for pair in pairs:
                if len(self._pairs) < PAIRS_LIMIT:
                    self._pairs[pair] = None
            if self._pairs and self._timer is None:
                self._timer = threading.Timer(GATHER_SECONDS, self.send)
                self._timer.daemon = True
                self._timer.start()

    def take(self) -> list[tuple[int, int]]:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            pairs, self._pairs, self._timer = list(self._pairs), {}, None
        return pairs

    def send(self) -> None:
        pairs = self.take()
        at = clock.now().isoformat()
        for begin in range(0, len(pairs), PAIRS_AT_ONCE):
            some = pairs[begin : begin + PAIRS_AT_ONCE]
            try:
                celery.current_app.send_task(TASK, [some, at], retry=False)
            except (KombuError, OSError) as error:
                name = type(error).__name__
                logger.warning("no worker for what was shown", extra={"error": name})
                self.add(pairs[begin:])
                return


_notes = _Notes()


def note(alert_id: int, user_id: int) -> None:
    """Note that a user was shown an alert; returns at once."""
    _notes.add([(alert_id, user_id)])


def note_all(user_id: int, rows: Iterable[Shown]) -> None:
    """Note those alerts that the log does not say the user was shown."""
    _notes.add(
        (each.alert.pk, user_id) for each in rows if not each.personal.is_delivered
    )


def take() -> list[tuple[int, int]]:
    """Return what is noted, and forget it."""
    return _notes.take()
