"""The loop that brings due deliveries to their channels, each channel in its own lane.

A lane has its own threads and claims only what it has room for, so that a provider
that hangs fills its own lane and no other.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from queue import SimpleQueue

from django.conf import settings

from apps.common import clock, garbage
from apps.delivery import channels, providers
from apps.notifications import deliveries
from apps.notifications.claims import Job, Result, made

# Rounds of a lane's threads that are claimed at once: a claim and a settling cost the
# same for many as for few. All of them must fit into the lease, each at its time-out.
_CLAIMED_AHEAD = 8
# A lane that had nothing due is not asked again at every turn.
_IDLE_SECONDS = 0.3
_SETTLE_SECONDS = 0.1
_SETTLED_AT_ONCE = 200
# To be woken by every attempt would cost as much as making it.
_MOMENT_SECONDS = 0.005
_busy = threading.Lock()


@dataclass
class _Lane:
    """A channel's threads, what waits for them, and what they have not settled."""

    channel: str
    concurrency: int
    ended: deque[Result]
    under_way: int = 0
    idle_until: float = 0.0
    _waiting: SimpleQueue[Job | None] = field(default_factory=SimpleQueue)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def room(self) -> int:
        """Say how many to claim: none while more than half of it all waits."""
        most = self.concurrency * _CLAIMED_AHEAD
        return most - self.under_way if self.under_way <= most // 2 else 0

    def add(self, job: Job) -> None:
        """Make an attempt as soon as a thread is free."""
        self.under_way += 1
        self._waiting.put(job)
        if len(self._threads) < min(self.concurrency, self.under_way):
            name = f"deliver-{self.channel}"
            thread = threading.Thread(target=self._serve, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        """Let the threads end."""
        for _ in self._threads:
            self._waiting.put(None)

    def _serve(self) -> None:
        while (job := self._waiting.get()) is not None:
            self.ended.append(made(job))


class Loop:
    """One turn of work in this process."""

    def __init__(self) -> None:
        """Make a lane for each channel."""
        self._ended: deque[Result] = deque()
        self._lanes = {
            name: _Lane(name, channels.get(name).CONCURRENCY, self._ended)
            for name in channels.names()
        }
        self.made = 0

    def run(self, seconds: float) -> None:
        """Work until nothing is due or the time is up; finish what was begun."""
        end = time.monotonic() + seconds
        try:
            while True:
                is_going_on = time.monotonic() < end and self._claim()
                if self._under_way():
                    self._settle()
                elif not is_going_on:
                    return
        finally:
            for lane in self._lanes.values():
                lane.close()

    def _under_way(self) -> int:
        return sum(lane.under_way for lane in self._lanes.values())

    def _claim(self) -> bool:
        """Fill the lanes; say whether anything was due."""
        was_due = False
        is_flying = self._under_way() > 0
        for lane in self._lanes.values():
            # With nothing on its way every lane is asked: the next answer may end it.
            if is_flying and time.monotonic() < lane.idle_until:
                continue
            count = _admitted(lane.channel, lane.room)
            if not count:
                continue
            jobs = deliveries.claim(lane.channel, count, now=clock.now())
            if jobs is None:
                lane.idle_until = time.monotonic() + _IDLE_SECONDS
            was_due = was_due or jobs is not None
            for job in jobs or ():
                lane.add(job)
        return was_due

    def _settle(self) -> None:
        """Write what has ended within a moment, together."""
        end = time.monotonic() + _SETTLE_SECONDS
        while not self._is_enough() and time.monotonic() < end:
            time.sleep(_MOMENT_SECONDS)
        results = [
            self._ended.popleft()
            for _ in range(min(len(self._ended), _SETTLED_AT_ONCE))
        ]
        if not results:
            return
        deliveries.settle(results, now=clock.now())
        for result in results:
            self._lanes[result.job.channel].under_way -= 1
        self.made += len(results)

    def _is_enough(self) -> bool:
        """Say whether a settling pays: at half of what the busiest lane may have."""
        count = len(self._ended)
        busiest = max(
            lane.concurrency for lane in self._lanes.values() if lane.under_way
        )
        most = min(_SETTLED_AT_ONCE, busiest * _CLAIMED_AHEAD // 2)
        return count >= min(most, self._under_way())


def work(seconds: float) -> int:
    """Deliver what is due, unless this process does so already; count the attempts."""
    if not _busy.acquire(blocking=False):
        return 0
    try:
        garbage.keep_imports()
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
