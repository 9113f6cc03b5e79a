"""Carries hints from synchronous code to Redis through one persistent event loop.

`async_to_sync(group_send)` costs five milliseconds and a connection per message; a
queue and a loop that lives as long as the process cost a fraction. Callers never wait.
"""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from typing import Any

from apps.push.hints import Hint
from apps.push.metrics import HINTS_DROPPED, HINTS_PUBLISHED
from apps.push.redis_layer import RedisLayer

logger = logging.getLogger(__name__)

QUEUE_LIMIT = 20_000
BATCH_LIMIT = 500
SEND_TIMEOUT_SECONDS = 0.5
FAILURES_BEFORE_REST = 3
REST_SECONDS = 5.0


class Publisher:
    """One queue, one thread, one loop; started by the first hint."""

    def __init__(self, layer: RedisLayer) -> None:
        """Keep the layer; nothing is started yet."""
        self._layer = layer
        self._queue: deque[Hint] = deque()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._is_woken = False
        self._failures = 0
        self._rest_until = 0.0

    def publish(self, hint: Hint) -> None:
        """Queue a hint; when the queue is full the hint is dropped and counted."""
        if len(self._queue) >= QUEUE_LIMIT:
            HINTS_DROPPED.labels("queue full").inc()
            return
        self._queue.append(hint)
        if not self._is_woken:
            # Many hints are one wake-up: each would be a system call.
            self._is_woken = True
            loop, wake = self._started()
            loop.call_soon_threadsafe(wake.set)

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until the queue is empty; say whether it became so in time."""
        deadline = time.monotonic() + timeout_seconds
        while self._queue and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self._queue

    def _started(self) -> tuple[asyncio.AbstractEventLoop, asyncio.Event]:
        with self._lock:
            if self._loop is None or self._wake is None:
                self._loop, self._wake = asyncio.new_event_loop(), asyncio.Event()
                thread = threading.Thread(
                    target=self._run,
                    args=(self._loop, self._wake),
                    name="publisher",
                    daemon=True,
                )
                thread.start()
            return self._loop, self._wake

    def _run(self, loop: asyncio.AbstractEventLoop, wake: asyncio.Event) -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._carry(wake))

    async def _carry(self, wake: asyncio.Event) -> None:
        while True:
            await wake.wait()
            wake.clear()
            # Before the queue is looked at: who adds later wakes again.
            self._is_woken = False
            while self._queue:
                await self._carry_batch()

    async def _carry_batch(self) -> None:
        size = min(len(self._queue), BATCH_LIMIT)
        hints = [self._queue[index] for index in range(size)]
        batch: list[tuple[str, Any]] = [(hint["group"], hint) for hint in hints]
        if time.monotonic() < self._rest_until:
            HINTS_DROPPED.labels("redis resting").inc(size)
        else:
            await self._send(batch)
        for _ in range(size):
            self._queue.popleft()

    async def _send(self, batch: list[tuple[str, Any]]) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                await self._layer.group_send_many(batch)
        except Exception as error:  # noqa: BLE001  (any failure is only a lost hint)
            self._failed(error, len(batch))
        else:
            self._failures = 0
            HINTS_PUBLISHED.inc(len(batch))

    def _failed(self, error: Exception, count: int) -> None:
        HINTS_DROPPED.labels("redis failed").inc(count)
        self._failures += 1
        logger.warning("hints not published", extra={"error": type(error).__name__})
        if self._failures >= FAILURES_BEFORE_REST:
            self._failures = 0
            self._rest_until = time.monotonic() + REST_SECONDS


_publishers: dict[int, Publisher] = {}


def publisher_for(layer: RedisLayer) -> Publisher:
    """Return this process's publisher; a forked child gets its own."""
    pid = os.getpid()
    if pid not in _publishers:
        _publishers.clear()
        _publishers[pid] = Publisher(layer)
    return _publishers[pid]
