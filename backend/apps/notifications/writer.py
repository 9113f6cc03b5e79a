"""One thread that writes what many requests send: a transaction for all that waits.

What came in while the last transaction ran is the next batch, so a single notification
waits for nobody and a thousand cost a handful of transactions.
"""

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from django.db import DatabaseError, InterfaceError, connection
from psycopg_pool import PoolTimeout

from apps.notifications import services
from apps.notifications.models import Notification
from apps.notifications.policy import Draft

logger = logging.getLogger(__name__)

BATCH_LIMIT = 200
SINGLES_THREADS = 2


@dataclass(frozen=True)
class _Job:
    draft: Draft
    future: asyncio.Future[Notification]
    loop: asyncio.AbstractEventLoop


_Outcome = tuple[_Job, Notification | BaseException]


class Writer:
    """Takes completed drafts from event loops and gives back their rows."""

    def __init__(self) -> None:
        """Start no thread before the first draft."""
        self._queue: SimpleQueue[_Job] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._singles = ThreadPoolExecutor(SINGLES_THREADS, "single-writer")

    async def store(self, draft: Draft) -> Notification:
        """Store a completed draft and wait for its commit.

        Raises: User.DoesNotExist, and what the database raises.
        """
        loop = asyncio.get_running_loop()
        job = _Job(draft, loop.create_future(), loop)
        self._queue.put(job)
        if self._thread is None:
            self._start()
        return await job.future

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work,
                    name="writer",
                    daemon=True,
                )
                self._thread.start()

    def _work(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < BATCH_LIMIT:
                try:
                    batch.append(self._queue.get_nowait())
                except Empty:
                    break
            # Who was told 503 meanwhile will try again.
            self._write([job for job in batch if not job.future.cancelled()])

    def _write(self, batch: Sequence[_Job]) -> None:
        try:
            rows = services.store_free([job.draft for job in batch])
        except (DatabaseError, InterfaceError, PoolTimeout, LookupError) as error:
            self._recover(batch, error)
            return
        except Exception as error:
            logger.exception("a batch was not written")
            self._recover(batch, error)
            return
        _tell([(job, row) for job, row in zip(batch, rows, strict=True) if row])
        for job, row in zip(batch, rows, strict=True):
            if row is None:
                self._singles.submit(_write_single, job)

    def _recover(self, batch: Sequence[_Job], error: Exception) -> None:
        """Fail one alone; of several find out which one is at fault."""
        connection.close()
        if len(batch) == 1:
            _tell([(batch[0], error)])
            return
        for job in batch:
            self._singles.submit(_write_single, job)


def _write_single(job: _Job) -> None:
    if job.future.cancelled():
        return
    outcome: Notification | BaseException
    try:
        [outcome] = services.store([job.draft])
    except Exception as error:  # noqa: BLE001  (it belongs to the one who waits)
        outcome = error
    finally:
        connection.close()
    _tell([(job, outcome)])


def _tell(outcomes: Sequence[_Outcome]) -> None:
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[_Outcome]] = defaultdict(list)
    for job, outcome in outcomes:
        by_loop[job.loop].append((job, outcome))
    for loop, told in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, told)


def _resolve(outcomes: Sequence[_Outcome]) -> None:
    for job, outcome in outcomes:
        if job.future.done():
            continue
        if isinstance(outcome, BaseException):
            job.future.set_exception(outcome)
        else:
            job.future.set_result(outcome)
