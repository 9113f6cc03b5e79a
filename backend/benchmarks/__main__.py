"""`make bench`: start everything, measure, print one table."""

import argparse
import asyncio
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import uvloop

from benchmarks import contenders, cores, idling, report, rounds
from benchmarks.contenders import Carillon, Contender, Stock
from benchmarks.idling import Idle
from benchmarks.measuring import Measured
from benchmarks.sizes import BY_NAME, Sizes
from tooling.services.client import Services

LINES = ("broadcast", "to users", "steady", "single", "bulk", "rabbitmq", "idle")


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--sizes", choices=BY_NAME, default="full")
    parser.add_argument("--lines", nargs="+", choices=LINES, default=list(LINES))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="of each measurement")
    options = parser.parse_args()
    _raise_file_limit()
    # An orderly end, which ends what was started.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    say(cores.description())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        others = _services(stack)
        sizes = BY_NAME[options.sizes]
        chosen = {"rounds": options.rounds, "seconds": options.seconds}
        sizes = replace(sizes, **{name: to for name, to in chosen.items() if to})
        say("Preparing the databases")
        bench = Bench(folder, sizes, others)
        stack.callback(bench.stop)
        cores.move_this_process(cores.GENERATOR)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(bench.run(options.lines))
        say(f"\n{report.surroundings()}\n{cores.description()}\n")
        say(report.table(bench.found, bench.idle))


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, flush=True)


def _raise_file_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _services(stack: ExitStack) -> Services:
    """Start Redis on the server's core, the others on the generator's; return those."""
    redis, others = Services(), Services()
    stack.callback(redis.stop)
    stack.callback(others.stop)
    with cores.on(cores.SERVER):
        redis.start(["redis"])
    with cores.on(cores.GENERATOR):
        others.start(["postgresql", "rabbitmq"])
    return others


class Bench:
    """The contenders and what is found out about them."""

    def __init__(self, folder: Path, sizes: Sizes, others: Services) -> None:
        """Prepare the databases; nothing is started yet.

        others: PostgreSQL and RabbitMQ, which move when a consumer needs the core.
        """
        self.found: dict[tuple[str, str], list[Measured]] = {}
        self.idle: Idle | None = None
        self._folder, self._sizes, self._others = folder, sizes, others
        self.carillon = Carillon(folder / "carillon", people=sizes.people)
        self.stock = Stock(folder / "stock", people=self.carillon.people)
        self.nchan = contenders.nchan(folder / "nchan", people=self.carillon.people)
        # What publishes here does so as any process of the product.
        os.environ.update(self.carillon.environment)
        os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", READ_DOT_ENV="0")

    def stop(self) -> None:
        """End the contenders."""
        for contender in (self.carillon, self.stock, self.nchan):
            if contender is not None:
                contender.stop()

    async def run(self, lines: Collection[str]) -> None:
        """Measure the wanted lines."""
        if "idle" in lines:
            self.idle = await idling.idle(self.carillon, self._folder, self._sizes)
            say(str(self.idle))
        self.carillon.start()
        self.stock.start()
        present: list[Contender] = [self.carillon, self.stock]
        if self.nchan is not None and "broadcast" in lines:
            self.nchan.start()
            present.append(self.nchan)
        self.found.update(await rounds.run(present, lines, self._sizes, say=say))
        if "rabbitmq" in lines:
            self.found.update(await self._drain_queues())

    async def _drain_queues(self) -> dict[tuple[str, str], list[Measured]]:
        supervisors = [each.pid for each in self._others.supervisors]
        cores.move(supervisors, cores.SERVER)
        cores.move_this_process(cores.SERVER)
        try:
            return await rounds.drain_queues(
                [self.carillon, self.stock], self._sizes, say=say
            )
        finally:
            cores.move(supervisors, cores.GENERATOR)
            cores.move_this_process(cores.GENERATOR)


if __name__ == "__main__":
    main()
