"""All lines, round by round, so that a noisy moment touches everybody."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Any

import psutil

from benchmarks import fanout, queueing, sending
from benchmarks.contenders import (
    Carillon,
    Contender,
    Nchan,
    Stock,
    processor_seconds,
)
from benchmarks.crowd import Crowd
from benchmarks.measuring import Measured
from benchmarks.sizes import Sizes

Key = tuple[str, str]
# A server and a database that use less than this of a core have nothing left to do.
QUIET_SHARE = 0.1
LOOK_SECONDS = 0.5
Lines = dict[str, Callable[[Any, Crowd, Sizes], Awaitable[Measured]]]

LINES: dict[str, Lines] = {
    "carillon": {
        "broadcast": fanout.broadcast,
        "to users": fanout.to_users,
        "steady": sending.steady,
        "single": sending.single,
        "bulk": sending.bulk,
    },
    "stock": {
        "broadcast": fanout.broadcast,
        "to users": fanout.to_users_of_stock,
        "steady": sending.steady,
        "single": sending.single,
    },
    "nchan": {"broadcast": fanout.broadcast},
}
QUEUES = {"rabbitmq": False, "rabbitmq with results": True}


@contextlib.asynccontextmanager
async def crowd_of(contender: Contender) -> AsyncIterator[Crowd]:
    """Connect a crowd for one round."""
    crowd = Crowd(greets=isinstance(contender, Carillon))
    if isinstance(contender, Carillon):
        contender.forget_unacknowledged()
    await crowd.connect(contender.places())
    if isinstance(contender, Carillon):
        await asyncio.to_thread(contender.wait_until_subscribed)
    try:
        yield crowd
    finally:
        await crowd.close()


async def settle(contender: Contender, *, seconds: float) -> None:
    """Wait until what the last line left behind is done, such as acknowledgements."""
    deadline = time.monotonic() + seconds
    share = 1.0
    while share > QUIET_SHARE and time.monotonic() < deadline:
        pids = [*contender.pids, *_database()]
        used = processor_seconds(pids)
        await asyncio.sleep(LOOK_SECONDS)
        share = (processor_seconds(pids) - used) / LOOK_SECONDS


def _database() -> list[int]:
    found = psutil.process_iter(["name"])
    return [each.pid for each in found if each.info["name"] == "postgres"]


async def run(
    contenders: Collection[Carillon | Stock | Nchan],
    wanted: Collection[str],
    sizes: Sizes,
    *,
    say: Callable[[str], None],
) -> dict[Key, list[Measured]]:
    """Measure every wanted line of every contender, one round after the other."""
    found: defaultdict[Key, list[Measured]] = defaultdict(list)
    for number in range(sizes.rounds):
        for contender in contenders:
            lines = LINES[contender.name]
            chosen = [name for name in lines if name in wanted]
            if not chosen:
                continue
            async with crowd_of(contender) as crowd:
                for name in chosen:
                    await settle(contender, seconds=sizes.settle_seconds)
                    measured = await lines[name](contender, crowd, sizes)
                    if crowd.gone:
                        say(f"{crowd.gone} sockets were closed meanwhile")
                    found[name, contender.name].append(measured)
                    say(f"round {number + 1}, {_sentence(name, contender, measured)}")
    return found


async def drain_queues(
    contenders: Collection[Carillon | Stock],
    sizes: Sizes,
    *,
    say: Callable[[str], None],
) -> dict[Key, list[Measured]]:
    """Measure the consumers of RabbitMQ, with and without results."""
    found: defaultdict[Key, list[Measured]] = defaultdict(list)
    broker = queueing.Broker()
    for contender in contenders:
        await queueing.prepare(contender, broker)
    for number in range(sizes.rounds):
        for contender in contenders:
            is_carillon = isinstance(contender, Carillon)
            count = sizes.queued if is_carillon else sizes.queued_for_stock
            async with crowd_of(contender) as crowd:
                for name, with_results in QUEUES.items():
                    measured = await queueing.drain(
                        contender,
                        crowd,
                        broker,
                        count=count,
                        with_results=with_results,
                    )
                    found[name, contender.name].append(measured)
                    say(f"round {number + 1}, {_sentence(name, contender, measured)}")
    broker.close()
    return found


def _sentence(line: str, contender: Contender, measured: Measured) -> str:
    extra = "".join(
        f", {name} {value:.1f} ms" for name, value in measured.extra.items()
    )
    return (
        f"{line}, {contender.name}: {measured.rate:,.0f}/s, {measured.cost:.1f} µs "
        f"each, generator {measured.generator:.0%}, lost {measured.lost}{extra}"
    )
