"""Line 7: what ten thousand sockets cost that only wait."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import Carillon, processor_seconds
from benchmarks.crowd import Crowd
from benchmarks.query_counter import VARIABLE
from benchmarks.sizes import Sizes

SOCKETS_OF_A_PERSON = 10
COUNTED_CONNECTS = 100


@dataclass(frozen=True)
class Idle:
    """What the idle sockets came to.

    memory: KiB for each. cost: the server's processor time for a connect, in ms.
    """

    sockets: int
    memory: float
    seconds: float
    held: int
    cost: float
    refusals: int
    queries: float


async def idle(contender: Carillon, folder: Path, sizes: Sizes) -> Idle:
    """Connect them all to a fresh process, wait, and look."""
    contender.start()
    before = contender.server.memory()
    crowd = Crowd(greets=True)
    people = sizes.idle_people
    places = contender.places(each=SOCKETS_OF_A_PERSON, people=people)
    used = processor_seconds(contender.pids)
    seconds = await crowd.connect(places)
    used = processor_seconds(contender.pids) - used
    await asyncio.sleep(sizes.held_seconds)
    memory = (contender.server.memory() - before) / len(places) / 1024
    held = crowd.open
    await crowd.close()
    contender.stop()
    queries = await _queries_of_a_connect(contender, folder / "queries")
    return Idle(
        sockets=len(places),
        memory=memory,
        seconds=seconds,
        held=held,
        cost=used / len(places) * 1000,
        refusals=crowd.refusals,
        queries=queries,
    )


async def _queries_of_a_connect(contender: Carillon, file: Path) -> float:
    """Count the queries of sockets that connect one after the other."""
    contender.start(
        {
            "EXTRA_APPS": "benchmarks.query_counter.QueryCounter",
            VARIABLE: str(file),
            "WS_POLL_SECONDS": "3600",
        },
    )
    places = contender.places(people=COUNTED_CONNECTS)
    before = _size(file)
    crowd = Crowd(greets=True)
    await crowd.connect(places)
    queries = (_size(file) - before) / len(places)
    await crowd.close()
    contender.stop()
    return queries


def _size(file: Path) -> int:
    return file.stat().st_size
