"""The loop that sends: claim, send, settle, for at most a minute.

Everything that waits for the gateway is asyncio; everything that asks the database
runs in threads of its own, in batches. Any of it may die at any point: what was
claimed is taken back after its lease and tried again with the same id.
"""

import asyncio
import contextlib
import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from apps.common import clock, garbage
from apps.delivery.gateway import Answer, Gateway, Outcome
from apps.mailings import claims, leases, settling
from apps.mailings.claims import Claimed, Running
from apps.mailings.settling import Tried

logger = logging.getLogger(__name__)
T = TypeVar("T")

LOOP_SECONDS = 50.0
IDLE_SECONDS = 2.0
LOOK_SECONDS = 0.5
TURN_SECONDS = 0.01
IDLE_TURN_SECONDS = 0.05
# A claim that brought less than it could is limited by the rate, or there is no more:
# the next one waits, and takes several at once instead of costing a commit for each.
SCARCE_SECONDS = 0.1
# Knowing this little for longer, it sends nothing: a pause may have been missed.
BLIND_SECONDS = 3.0
DATABASE_THREADS = 2
SETTLE_ROWS = 200
SETTLE_SECONDS = 0.1
SLOWEST = 1 / 16
RECOVER_SECONDS = 10.0

HELD_BACK = Answer(outcome=Outcome.NOT_SENT, code=settling.WITHHELD)

# Set when the worker is to end; loops finish what is under way and return.
stop = threading.Event()


class Sender(Protocol):
    """What sends one message: the gateway's client."""

    async def send(
        self,
        *,
        message_id: int,
        phone: str,
        text: str,
        may_write: Callable[[], bool] = ...,
    ) -> Answer:
        """Send, and say what came of it."""


class Database:
    """The threads that speak to the database for the loop: to claim and to settle."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(
            DATABASE_THREADS, thread_name_prefix="engine-database"
        )

    async def run(self, function: Callable[..., T], *args: Any, **named: Any) -> T:
        """Call a function there and wait for it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: function(*args, **named)
        )

    def close(self) -> None:
        """Give their connections back and end them."""
        # Each must come to the barrier, so that each closes its own.
        barrier = threading.Barrier(DATABASE_THREADS)
        ended = [
            self._threads.submit(self._close, barrier) for _ in range(DATABASE_THREADS)
        ]
        for each in ended:
            each.result()
        self._threads.shutdown()

    @staticmethod
    def _close(barrier: threading.Barrier) -> None:
        connections.close_all()
        barrier.wait()


class Pace:
    """How much of the concurrency is used: less after a 429, more again with time."""

    def __init__(self) -> None:
        self._share = 1.0
        self._changed = time.monotonic()

    def slow_down(self) -> None:
        """Use half, at most once a second: many are answered alike at once."""
        if time.monotonic() - self._changed > 1 or self._share == 1.0:
            self._share = max(SLOWEST, self._share / 2)
            self._changed = time.monotonic()

    def of(self, concurrency: int) -> int:
        """Say how many may be under way."""
        if self._share < 1 and time.monotonic() - self._changed > RECOVER_SECONDS:
            self._share = min(1.0, self._share * 2)
            self._changed = time.monotonic()
        return max(1, int(concurrency * self._share))


class Engine:
    """One loop; `only` limits it to one mailing."""

    def __init__(
        self,
        *,
        only: int | None = None,
        seconds: float = LOOP_SECONDS,
        sender: Sender | None = None,
        database: Database | None = None,
    ) -> None:
        self.holder = uuid.uuid4()
        self._only = only
        self._ends = time.monotonic() + seconds
        self._sender = sender
        self._database = database or Database()
        self._running: dict[int, Running] = {}
        self._looked = 0.0
        self._has_place = False
        # Claimed and waiting for a place, with the end of their leases: the database
        # gets the next ones while the gateway is busy with these.
        self._ready: deque[tuple[Claimed, float]] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._tried: list[Tried] = []
        self._settled = time.monotonic()
        self._next_claim = 0.0
        self._pace = Pace()
        self._turn = 0
        self._idle_since: float | None = None

    async def run(self) -> bool:
        """Send what is due until nothing is, or time is up; False without a place."""
        try:
            await self._look()
            if not self._has_place:
                return False
            if self._sender is not None:
                await self._loop(self._sender)
            else:
                async with Gateway() as gateway:
                    await self._loop(gateway)
            return True
        finally:
            # Where the whole process ends, no thread takes work; leases run out.
            with contextlib.suppress(RuntimeError):
                await self._database.run(leases.give_up, self.holder, now=clock.now())
                self._database.close()

    async def _loop(self, sender: Sender) -> None:
        try:
            while not self._is_over():
                await self._look()
                await asyncio.gather(self._claim(sender), self._settle())
                await self._wait()
        finally:
            # Whatever ended the loop: what was written to the gateway is accounted for,
            # what was not goes back.
            while self._ready:
                claimed, _ = self._ready.popleft()
                self._tried.append(Tried(claimed, HELD_BACK, clock.now(), clock.now()))
            if self._in_flight:
                await asyncio.wait(self._in_flight)
            await self._settle(at_once=True)

    def _is_over(self) -> bool:
        if stop.is_set() or time.monotonic() > self._ends or not self._has_place:
            return True
        busy = self._in_flight or self._ready or self._tried
        if busy or self._idle_since is None:
            return False
        return time.monotonic() - self._idle_since > IDLE_SECONDS

    async def _look(self) -> None:
        """Learn which mailings run, and keep the place."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        try:
            self._has_place, self._running = await self._database.run(self._seen)
            self._looked = time.monotonic()
        except DatabaseError:
            # It goes on as soon as the database does; until then nothing is written.
            logger.warning("the engine cannot see its mailings")
            await self._database.run(close_old_connections)

    def _seen(self) -> tuple[bool, dict[int, Running]]:
        has_place = leases.take(self.holder, now=clock.now())
        return has_place, claims.running(self._only)

    async def _claim(self, sender: Sender) -> None:
        concurrency = self._pace.of(settings.SMS_GATEWAY_CONCURRENCY)
        free = 2 * concurrency - len(self._in_flight) - len(self._ready)
        is_time = time.monotonic() >= self._next_claim
        is_worth_it = is_time and free >= max(1, concurrency // 2)
        if not is_worth_it or len(self._tried) > SETTLE_ROWS * 2:
            return
        try:
            taken = await self._database.run(self._taken, free)
        except DatabaseError:
            logger.warning("the engine cannot claim")
            return
        if len(taken) < free:
            self._next_claim = time.monotonic() + SCARCE_SECONDS
        if taken:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = time.monotonic()
        until = time.monotonic() + claims.lease().total_seconds()
        self._ready.extend((claimed, until) for claimed in taken)
        self._fill(sender)

    def _fill(self, sender: Sender) -> None:
        """Send what is ready, as far as there are places."""
        concurrency = self._pace.of(settings.SMS_GATEWAY_CONCURRENCY)
        while self._ready and len(self._in_flight) < concurrency:
            claimed, until = self._ready.popleft()
            task = asyncio.ensure_future(self._send(sender, claimed, until=until))
            self._in_flight.add(task)
            task.add_done_callback(partial(self._ended, sender))

    def _ended(self, sender: Sender, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if not stop.is_set():
            self._fill(sender)

    def _taken(self, free: int) -> list[Claimed]:
        now = clock.now()
        ids = list(self._running)
        if not ids or not clock.agrees():
            return []
        self._turn = (self._turn + 1) % len(ids)
        ids = ids[self._turn :] + ids[: self._turn]
        limit = claims.allowance(free, ids, now=now)
        if not limit:
            return []
        return claims.claim(limit, ids, lease=claims.lease(), now=now)

    async def _send(self, sender: Sender, claimed: Claimed, *, until: float) -> None:
        started_at = clock.now()
        zone = ZoneInfo(claimed.timezone)
        last_moment = until - settings.SMS_GATEWAY_TIMEOUT

        def may_write() -> bool:
            return time.monotonic() < last_moment and self._may_go(claimed, zone)

        answer = HELD_BACK
        if may_write():
            answer = await sender.send(
                message_id=claimed.message_id,
                phone=claimed.phone_number,
                text=claimed.text,
                may_write=may_write,
            )
        if answer.http_status == 429:
            self._pace.slow_down()
        self._tried.append(Tried(claimed, answer, started_at, clock.now()))

    def _may_go(self, claimed: Claimed, zone: ZoneInfo) -> bool:
        mailing = self._running.get(claimed.mailing_id)
        is_blind = time.monotonic() - self._looked > BLIND_SECONDS
        if mailing is None or is_blind or claimed.client_is_gone:
            return False
        if not clock.agrees():
            return False
        return mailing.plan.is_open(clock.now(), zone)

    async def _settle(self, *, at_once: bool = False) -> None:
        waited = time.monotonic() - self._settled
        is_due = len(self._tried) >= SETTLE_ROWS or waited > SETTLE_SECONDS
        if not self._tried or not (is_due or at_once):
            return
        while self._tried:
            batch = self._tried[:SETTLE_ROWS]
            try:
                await self._database.run(self._settle_now, batch)
            except (DatabaseError, RuntimeError):
                logger.exception("the engine cannot settle")
                if at_once:
                    # The leases run out, and the same ids are tried again.
                    return
                await self._database.run(close_old_connections)
                break
            del self._tried[: len(batch)]
            if len(self._tried) < SETTLE_ROWS and not at_once:
                break
        self._settled = time.monotonic()

    def _settle_now(self, batch: list[Tried]) -> None:
        settling.settle(batch, now=clock.now())

    async def _wait(self) -> None:
        # Not `asyncio.wait`, which touches every task each time that one is done.
        await asyncio.sleep(TURN_SECONDS if self._in_flight else IDLE_TURN_SECONDS)


_one_at_a_time = threading.Lock()


def run(*, only: int | None = None, seconds: float = LOOP_SECONDS) -> bool:
    """Run the loop in this process, unless one runs here or all places are taken."""
    if not _one_at_a_time.acquire(blocking=False):
        return False
    try:
        garbage.keep_imports()
        return asyncio.run(Engine(only=only, seconds=seconds).run())
    finally:
        _one_at_a_time.release()


def due_at(moment: datetime) -> bool:
    """Say whether any running mailing has a message that may go by then."""
    return bool(claims.due(list(claims.running()), now=moment).exists())
