"""N2: connections are cut at random while servers and Redis are killed."""

import time
from collections import Counter
from collections.abc import Callable

from tests.chaos.outcome import Outcome, Run, running
from tests.chaos.senders import parcels
from tests.chaos.site import Site

SHARE = 0.3
CUT_BYTES = 5_000
CUTS = ("drop", "reset", "half close", "cut after bytes", "swallow")


class Nemesis:
    """Does harm of each kind; each ends what it began."""

    def __init__(self, run: Run, *, step: float, total: int) -> None:
        """Take the run; a fault that lasts does so for `step` further messages."""
        self._run = run
        self._site = run.site
        self._step = step
        self._total = total
        self.done: Counter[str] = Counter()
        self._harm: dict[str, Callable[[], object]] = {
            "drop": lambda: run.pages.cut(SHARE, run.chance),
            "reset": lambda: self._site.front.reset(SHARE, run.chance),
            "half close": lambda: self._site.front.half_close(SHARE, run.chance),
            "cut after bytes": self._cut_after_bytes,
            "swallow": self._swallow,
            "web": self._kill_server,
            "redis": self._kill_redis,
        }

    def strike(self, fault: str) -> None:
        """Do harm and note when it was over."""
        began = time.monotonic()
        self._harm[fault]()
        self._run.ledger.fault(began)
        self.done[fault] += 1

    def _a_while(self) -> None:
        offered = len(self._run.ledger.offered)
        self._run.wait_for_offers(min(offered + self._step, self._total))

    def _cut_after_bytes(self) -> None:
        self._site.front.cut_after_bytes = CUT_BYTES
        self._site.front.reset(SHARE, self._run.chance)
        self._a_while()
        self._site.front.heal()

    def _swallow(self) -> None:
        self._site.front.swallow(SHARE, self._run.chance)
        self._a_while()
        self._site.front.heal()

    def _kill_server(self) -> None:
        server = self._run.chance.choice(self._site.servers)
        server.kill()
        server.start()

    def _kill_redis(self) -> None:
        self._site.redis.kill()
        self._a_while()
        self._site.redis.start_again()


def random_cuts(
    site: Site,
    *,
    seed: int,
    users: int,
    each: int,
    cuts: int,
    web_kills: int,
    redis_kills: int,
    per_second: float = 50.0,
) -> Outcome:
    """Send to everybody while one fault after the other happens."""
    with running("N2", site, users=users, seed=seed) as run:
        faults = [CUTS[n % len(CUTS)] for n in range(cuts)]
        faults += ["web"] * web_kills + ["redis"] * redis_kills
        run.chance.shuffle(faults)
        work = parcels(run.users, each=each, chance=run.chance, largest=5, given_up=0.1)
        total = users * each
        step = total / (len(faults) + 1)
        nemesis = Nemesis(run, step=step / 2, total=total)
        with run.senders(work, per_second=per_second) as senders:
            for number, fault in enumerate(faults, start=1):
                run.wait_for_offers(number * step)
                nemesis.strike(fault)
            run.measure_healing()
            run.settle(senders)
        run.outcome.facts["faults"] = ", ".join(
            f"{count} × {fault}" for fault, count in sorted(nemesis.done.items())
        )
        run.outcome.facts["connections"] = str(run.pages.connections())
        return run.judge()
