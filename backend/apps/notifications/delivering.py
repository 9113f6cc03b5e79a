"""The loop that brings due deliveries to their channels, each channel in its own lane.

A lane has its own threads and claims only what it has room for, so that a provider
that hangs fills its own lane and no other.
"""

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from django.conf import settings

from apps.common import clock
from apps.delivery import channels, providers
from apps.notifications import deliveries
from apps.notifications.claims import Result, made

# What waits in the lane while its threads work, so that they need not wait for a claim.
_CLAIMED_AHEAD = 2
_SETTLE_SECONDS = 0.1
_SETTLED_AT_ONCE = 200
_busy = threading.Lock()


@dataclass
class _Lane:
    """A channel's threads, and how many attempts are on their way."""

    channel: str
    concurrency: int
    under_way: int = 0
    pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        """Name the threads by their channel."""
        self.pool = ThreadPoolExecutor(self.concurrency, f"deliver-{self.channel}")

    @property
    def room(self) -> int:
        """Say how many to claim: none for a few, as each claim costs queries."""
        free = self.concurrency * _CLAIMED_AHEAD - self.under_way
        return free if free * 2 >= self.concurrency else 0


class Loop:
    """One turn of work in this process."""

    def __init__(self) -> None:
        """Make a lane for each channel."""
        self._lanes = [
            _Lane(name, channels.get(name).CONCURRENCY) for name in channels.names()
        ]
        self._flying: dict[Future[Result], _Lane] = {}
        self.made = 0

    def run(self, seconds: float) -> None:
        """Work until nothing is due or the time is up; finish what was begun."""
        end = time.monotonic() + seconds
        try:
            while True:
                is_going_on = time.monotonic() < end and self._claim()
                if self._flying:
                    self._settle()
                elif not is_going_on:
                    return
        finally:
            for lane in self._lanes:
                lane.pool.shutdown(wait=False)

    def _claim(self) -> bool:
        """Fill the lanes; say whether anything was due."""
        was_due = False
        for lane in self._lanes:
            count = _admitted(lane.channel, lane.room)
            if not count:
                continue
            jobs = deliveries.claim(lane.channel, count, now=clock.now())
            was_due = was_due or jobs is not None
            for job in jobs or ():
                self._flying[lane.pool.submit(made, job)] = lane
                lane.under_way += 1
        return was_due

    def _settle(self) -> None:
        """Write what has ended within a moment, together."""
        end = time.monotonic() + _SETTLE_SECONDS
        ended: list[Future[Result]] = []
        while len(ended) < _SETTLED_AT_ONCE and time.monotonic() < end:
            left = max(0.0, end - time.monotonic())
            pending = self._flying.keys() - set(ended)
            done, _ = wait(pending, timeout=left, return_when=FIRST_COMPLETED)
            ended += done
            if not pending - done or self._has_room(ended):
                break
        if ended:
            self._write(ended)

    def _has_room(self, ended: list[Future[Result]]) -> bool:
        """Say whether a lane would stand still while others are waited for."""
        return any(
            2 * sum(1 for each in ended if self._flying[each] is lane)
            >= lane.concurrency
            for lane in self._lanes
        )

    def _write(self, ended: list[Future[Result]]) -> None:
        results = []
        for future in ended:
            self._flying.pop(future).under_way -= 1
            results.append(future.result())
        deliveries.settle(results, now=clock.now())
        self.made += len(results)


def work(seconds: float) -> int:
    """Deliver what is due, unless this process does so already; count the attempts."""
    if not _busy.acquire(blocking=False):
        return 0
    try:
        loop = Loop()
        loop.run(seconds)
        return loop.made
    finally:
        _busy.release()


def _admitted(channel: str, room: int) -> int:
    """Keep to the rate that an operator set for the gateway."""
    if not room or channel != "sms" or not settings.SMS_GATEWAY_RATE:
        return room
    rate = float(settings.SMS_GATEWAY_RATE)
    return providers.take(channel, room, rate=rate, burst=rate, now=clock.now())
