"""The loop that brings due deliveries to their channels, each channel in its own lane.

A lane has its own threads and claims only what it has room for, so that a provider
that hangs fills its own lane and no other.
"""

import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from django.conf import settings

from apps.common import clock
from apps.delivery import channels, providers
from apps.notifications import deliveries
from apps.notifications.claims import Result, made

# Rounds of a lane's threads that are claimed at once: a claim and a settling cost the
# same for many as for few. All of them must fit into the lease, each at its time-out.
_CLAIMED_AHEAD = 5
# A lane that had nothing due is not asked again at every turn.
_IDLE_SECONDS = 0.3
_SETTLE_SECONDS = 0.1
_SETTLED_AT_ONCE = 200
_busy = threading.Lock()


@dataclass
class _Lane:
    """A channel's threads, and how many attempts are on their way."""

    channel: str
    concurrency: int
    under_way: int = 0
    idle_until: float = 0.0
    pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        """Name the threads by their channel."""
        self.pool = ThreadPoolExecutor(self.concurrency, f"deliver-{self.channel}")

    @property
    def room(self) -> int:
        """Say how many to claim: none while there is enough for a further round."""
        if self.under_way > self.concurrency:
            return 0
        return self.concurrency * _CLAIMED_AHEAD - self.under_way


class Loop:
    """One turn of work in this process."""

    def __init__(self) -> None:
        """Make a lane for each channel."""
        self._lanes = [
            _Lane(name, channels.get(name).CONCURRENCY) for name in channels.names()
        ]
        self._flying: dict[Future[Result], _Lane] = {}
        self._ended: SimpleQueue[Future[Result]] = SimpleQueue()
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
            # With nothing on its way every lane is asked: the next answer may end it.
            if self._flying and time.monotonic() < lane.idle_until:
                continue
            count = _admitted(lane.channel, lane.room)
            if not count:
                continue
            jobs = deliveries.claim(lane.channel, count, now=clock.now())
            if jobs is None:
                lane.idle_until = time.monotonic() + _IDLE_SECONDS
            was_due = was_due or jobs is not None
            for job in jobs or ():
                future = lane.pool.submit(made, job)
                self._flying[future] = lane
                lane.under_way += 1
                future.add_done_callback(self._ended.put)
        return was_due

    def _settle(self) -> None:
        """Write what has ended within a moment, together."""
        end = time.monotonic() + _SETTLE_SECONDS
        ended: list[Future[Result]] = []
        counts: Counter[str] = Counter()
        while len(ended) < _SETTLED_AT_ONCE and len(ended) < len(self._flying):
            try:
                future = self._ended.get(timeout=max(0.001, end - time.monotonic()))
            except Empty:
                break
            ended.append(future)
            lane = self._flying[future]
            counts[lane.channel] += 1
            if lane.under_way - counts[lane.channel] <= lane.concurrency:
                # What waits in the lane is at its end: time for the next claim.
                break
        if ended:
            self._write(ended)

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
