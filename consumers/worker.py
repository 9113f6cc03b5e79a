"""The thread that works: whatever waits becomes one batch, nothing waits for more."""

import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, ProgrammingError
from django.db import connection as database
from psycopg_pool import PoolTimeout

from apps.common import clock, status
from apps.common.stalling import Guard
from apps.notifications.entries import Refusal
from consumers import dead_letters, inbox, intake, outbox
from consumers.messages import Incoming
from consumers.models import OutboxResult

logger = logging.getLogger(__name__)

# What says that the database is away, busy or not migrated yet, and nothing about a
# message.
AWAY = (OperationalError, InterfaceError, ProgrammingError, PoolTimeout)
# PostgreSQL's codes: a statement took too long, a lock was not given in time.
TOO_LONG, LOCKED = "57014", "55P03"
FIRST_RETRY_SECONDS = 0.1
LONGEST_RETRY_SECONDS = 5.0
IDLE_SECONDS = 0.2
# Of the bodies in one transaction; the messages of usual services never come near.
BATCH_BYTES = 4 * 1024 * 1024
_FAILED = Refusal("failed", {"message": ["It could not be stored."]})


class _LockedError(Exception):
    """Somebody holds the streams of recipients in a batch; `held` says of which."""

    def __init__(self, held: Sequence[bool]) -> None:
        self.held = held
        super().__init__()


class Worker(threading.Thread):
    """Takes messages from a queue, in their order, and says when they are done.

    on_done: the messages that are done, and whether all before the last of them are
    done too.
    """

    def __init__(
        self,
        *,
        on_done: Callable[[Sequence[Incoming], bool], None],
        on_rows: Callable[[Sequence[OutboxResult]], None],
        on_finished: Callable[[], None],
    ) -> None:
        super().__init__(name="worker", daemon=True)
        self._on_done = on_done
        self._on_rows = on_rows
        self._on_finished = on_finished
        self._queue: queue.SimpleQueue[Incoming | None] = queue.SimpleQueue()
        self._confirmed: deque[int] = deque()
        self._returned: deque[int] = deque()
        self._chores = Chores(self._on_rows)
        # Messages to users whose stream somebody else holds; no other waits for them.
        self._aside: list[Incoming] = []
        # Deliveries of an older channel are left to be delivered again.
        self.generation = 0
        # Since when the messages in hand have been tried.
        self.busy_since: float | None = None
        self.guard = Guard(
            "the worker of rabbitmq_consumer",
            patience_seconds=settings.STALL_SECONDS,
        )
        self.is_connected = False
        self.may_publish = False
        self.is_ending = False

    def put(self, message: Incoming) -> None:
        """Queue a message."""
        self._queue.put(message)

    def finish(self) -> None:
        """Report when everything queued so far is done."""
        self._queue.put(None)

    def end(self) -> None:
        """End after the housekeeping that is left."""
        self.is_ending = True
        self._queue.put(None)

    def confirmed(self, keys: Sequence[int]) -> None:
        """Note rows that the broker has."""
        self._confirmed.extend(keys)

    def returned(self, keys: Sequence[int]) -> None:
        """Note rows that the broker did not take."""
        self._returned.extend(keys)

    def run(self) -> None:
        """Work until the end."""
        self.guard.start()
        while True:
            self.guard.sign()
            batch, is_last = self._next_batch()
            self._work(batch)
            self._keep_house()
            if is_last:
                self._on_finished()
            if is_last and self.is_ending:
                break
        self.guard.stop()
        with contextlib.suppress(Error):
            database.close()

    def _next_batch(self) -> tuple[list[Incoming], bool]:
        batch: list[Incoming] = []
        size = 0
        try:
            item = self._queue.get(timeout=IDLE_SECONDS)
            while item is not None:
                batch.append(item)
                size += len(item.body)
                if len(batch) >= settings.RABBITMQ_BATCH or size > BATCH_BYTES:
                    return batch, False
                item = self._queue.get_nowait()
        except queue.Empty:
            return batch, False
        return batch, True

    def _work(self, batch: Sequence[Incoming]) -> None:
        aside, self._aside = self._aside, []
        # What was put aside comes first: a user's messages keep their order.
        current = [
            each for each in [*aside, *batch] if each.generation >= self.generation
        ]
        if not current:
            return
        self.busy_since = time.monotonic()
        if aside:
            self._take_free(current, self._held_up(current))
        else:
            self._take(current)
        self.busy_since = None

    def _take(self, batch: Sequence[Incoming]) -> None:
        try:
            done = self._tried(batch, None)
        except _LockedError as locked:
            logger.warning("somebody holds streams of recipients")
            self._take_free(batch, locked.held)
            return
        except Exception as error:  # noqa: BLE001  (whatever a message can cause)
            self._isolate(batch, error)
            return
        if done:
            self._on_done(batch, not self._aside)

    def _take_free(self, batch: Sequence[Incoming], held: Sequence[bool]) -> None:
        """Take what nobody holds up, and put the rest aside."""
        marked = list(zip(batch, held, strict=True))
        self._aside += [message for message, is_held in marked if is_held]
        free = [message for message, is_held in marked if not is_held]
        for begin in range(0, len(free), settings.RABBITMQ_BATCH):
            self._take(free[begin : begin + settings.RABBITMQ_BATCH])

    def _held_up(self, batch: Sequence[Incoming]) -> list[bool]:
        try:
            return intake.held_up(batch)
        except AWAY as error:
            self._note_away(error)
            return [False] * len(batch)

    def _isolate(self, batch: Sequence[Incoming], error: Exception) -> None:
        """Go through a failed batch one by one; what fails alone is a dead letter."""
        if len(batch) > 1:
            for message in batch:
                self.guard.sign()
                self._take([message])
            return
        logger.error("message failed", exc_info=error)
        if self._tried([batch[0].bare()], _FAILED):
            self._on_done(batch, not self._aside)

    def _tried(self, batch: Sequence[Incoming], verdict: Refusal | None) -> bool:
        """Take the batch, as often as it needs; False if it was lost meanwhile."""
        pause = FIRST_RETRY_SECONDS
        while True:
            try:
                taken = intake.take(batch, verdict=verdict)
            except AWAY as error:
                if verdict is None:
                    self._raise_if_of_some(batch, error)
                self._note_away(error)
                if not self._waited(batch, pause):
                    return False
                pause = min(pause * 2, LONGEST_RETRY_SECONDS)
                continue
            self._chores.count(taken)
            self._on_rows(taken.rows)
            return True

    def _raise_if_of_some(self, batch: Sequence[Incoming], error: Exception) -> None:
        """Raise where the error says nothing about every message of the batch.

        Raises: the error itself where fewer messages may be taken in time,
        _LockedError.
        """
        code = getattr(error.__cause__, "sqlstate", None)
        if code == TOO_LONG and len(batch) > 1:
            raise error
        if code == LOCKED and any(held := self._held_up(batch)):
            raise _LockedError(held) from error

    def _waited(self, batch: Sequence[Incoming], seconds: float) -> bool:
        """Wait; say whether the deliveries are still ours."""
        deadline = time.monotonic() + seconds
        while (now := time.monotonic()) < deadline:
            self.guard.sign()
            if batch[0].generation < self.generation:
                return self._awaited_database()
            time.sleep(min(0.05, deadline - now))
        return True

    def _awaited_database(self) -> bool:
        """Stay busy, so that nothing is fetched, until the database answers."""
        while not self.is_ending:
            self.guard.sign()
            try:
                clock.synchronize()
            except AWAY as error:
                self._note_away(error)
                time.sleep(IDLE_SECONDS)
            else:
                break
        return False

    def _note_away(self, error: Exception) -> None:
        logger.warning("database away", extra={"error": type(error).__name__})
        with contextlib.suppress(Error):
            database.close()

    def _keep_house(self) -> None:
        self.guard.sign()
        try:
            _empty(self._confirmed, outbox.forget_confirmed)
            _empty(self._returned, outbox.release)
            self._chores.do(
                is_connected=self.is_connected,
                may_publish=self.may_publish,
            )
        except AWAY as error:
            self._note_away(error)


def _empty(keys: deque[int], effect: Callable[[Sequence[int]], None]) -> None:
    """Apply the effect to what is there; what fails stays."""
    held = list(keys)
    if held:
        effect(held)
        for _ in held:
            keys.popleft()


class Chores:
    """What is done every so often between batches."""

    def __init__(self, on_rows: Callable[[Sequence[OutboxResult]], None]) -> None:
        self._on_rows = on_rows
        self._next: dict[str, float] = {}
        self._sum = intake.Taken()

    def count(self, taken: intake.Taken) -> None:
        """Add to what the next summary says."""
        self._sum.created += taken.created
        self._sum.refused += taken.refused
        self._sum.repeated += taken.repeated
        self._sum.without_id += taken.without_id

    def do(self, *, is_connected: bool, may_publish: bool) -> None:
        """Do what is due."""
        if self._is_due("clock", 30):
            clock.synchronize()
        if is_connected and self._is_due("sign", 5):
            status.sign(status.RABBITMQ_CONSUMER)
        if may_publish and self._is_due("outbox", settings.RABBITMQ_OUTBOX_SECONDS):
            self._on_rows(outbox.claim_due(now=clock.now()))
        if self._is_due("prune", 60) and self._prune():
            # Soon again while there is more: they may come faster than a lot a minute.
            self._next["prune"] = time.monotonic() + 1
        if self._is_due("tell", 60):
            self._tell()

    def _is_due(self, chore: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._next.get(chore, 0.0):
            return False
        self._next[chore] = now + seconds
        return True

    def _prune(self) -> bool:
        """Forget what is old, a lot of each; say whether there is more."""
        now = clock.now()
        ids = inbox.prune(before=now - timedelta(days=settings.RABBITMQ_INBOX_DAYS))
        days = timedelta(days=settings.RABBITMQ_DEAD_LETTER_DAYS)
        letters = dead_letters.prune(before=now - days)
        return ids >= inbox.PRUNED_AT_ONCE or letters >= dead_letters.AT_ONCE

    def _tell(self) -> None:
        told, self._sum = self._sum, intake.Taken()
        counts = {
            "notifications": told.created,
            "refused": told.refused,
            "repeated": told.repeated,
            "amqp_without_message_id": told.without_id,
        }
        if any(counts.values()):
            logger.info("messages of the last minute", extra=counts)
