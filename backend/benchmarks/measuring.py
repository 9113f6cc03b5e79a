"""One measurement: so long, so many, at which cost for the server."""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.contenders import Contender, processor_seconds

SETTLE_SECONDS = 10.0
# Above this share of its core the generator, not the server, sets the figure.
GENERATOR_IS_BUSY = 0.93


@dataclass(frozen=True)
class Measured:
    """What one round of one line came to.

    rate: per second. cost: the server's processor time for each, in microseconds.
    generator: the share of a core that the generator used.
    """

    rate: float
    cost: float = 0.0
    generator: float = 0.0
    lost: int = 0
    extra: dict[str, float] = field(default_factory=dict)


def median(rounds: Sequence[Measured]) -> Measured:
    """Return the median of each figure, and the sum of what was lost."""
    names = rounds[0].extra
    return Measured(
        rate=statistics.median(each.rate for each in rounds),
        cost=statistics.median(each.cost for each in rounds),
        generator=statistics.median(each.generator for each in rounds),
        lost=sum(each.lost for each in rounds),
        extra={
            name: statistics.median(each.extra[name] for each in rounds)
            for name in names
        },
    )


class Stretch:
    """Measures a count over some seconds, after a warm-up."""

    def __init__(self, contender: Contender, count: Callable[[], int]) -> None:
        self._contender = contender
        self._count = count

    async def measure(self, *, warm_up: float, seconds: float) -> Measured:
        """Wait and look at the count before and after."""
        await asyncio.sleep(warm_up)
        began, count = time.perf_counter(), self._count()
        server, own = processor_seconds(self._contender.pids), time.process_time()
        await asyncio.sleep(seconds)
        lasted, done = time.perf_counter() - began, self._count() - count
        server = processor_seconds(self._contender.pids) - server
        return Measured(
            rate=done / lasted,
            cost=server / max(done, 1) * 1e6,
            generator=(time.process_time() - own) / lasted,
        )


async def settled(is_settled: Callable[[], bool]) -> bool:
    """Wait until everything has arrived; say whether it did."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while not is_settled() and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    return is_settled()


def percentiles(latencies: Sequence[float]) -> dict[str, float]:
    """Return the latencies' 50th, 95th and 99th percentile in milliseconds."""
    ordered = sorted(latencies) or [0.0]
    return {
        f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] * 1000
        for share in (50, 95, 99)
    }
