"""What one scenario came to, and the frame in which each of them runs."""

import contextlib
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.chaos.ledger import ON_TIME_SECONDS, Counts, Ledger
from tests.chaos.pages import Pages, Person
from tests.chaos.senders import Parcel, Senders
from tests.chaos.site import Site
from tests.processes import wait_until

SETTLED_SECONDS = 60.0
STEP_SECONDS = 120.0


@dataclass
class Outcome:
    """The ledger's counts, what else was measured, and which promises were broken."""

    name: str
    counts: Counts = field(default_factory=Counts)
    facts: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def promise(self, text: str, *, kept: bool) -> None:
        """Note a promise that was broken."""
        if not kept:
            self.failures.append(text)

    def measured(self, name: str, seconds: float, *, at_most: float = 0.0) -> None:
        """Note a time, and whether it is within its limit."""
        self.facts[name] = f"{seconds:.2f} s"
        if at_most:
            text = f"{name}: {seconds:.2f} s, promised {at_most:g} s"
            self.promise(text, kept=seconds <= at_most)

    def judge(self, counts: Counts, *, on_time: bool = True) -> None:
        """Take the counts; nothing may be lost, doubled, out of order or made up."""
        self.counts = counts
        self.promise(f"the ledger: {counts}", kept=counts.is_kept)
        self.promise(f"{counts.late} were late", kept=not (on_time and counts.late))
        self.facts["slowest after acceptance or fault"] = (
            f"{counts.slowest_seconds:.2f} s"
        )


@dataclass
class Run:
    """Pages of fresh people on a site, their ledger, and a chance with the seed."""

    site: Site
    outcome: Outcome
    ledger: Ledger
    people: list[Person]
    pages: Pages
    chance: random.Random

    @property
    def users(self) -> list[int]:
        """List the people's ids."""
        return [person.id for person in self.people]

    def promised(self, seconds: float) -> float:
        """Say the limit by which a time is judged; 0, by none, where machines stall."""
        return 0.0 if self.site.is_patient else seconds

    def senders(self, work: Sequence[Parcel], *, per_second: float) -> Senders:
        """Make senders through the front."""
        return Senders(
            work,
            self.ledger,
            url=self.site.url,
            headers=self.site.headers,
            per_second=per_second,
        )

    def wait_for_offers(self, count: float) -> None:
        """Wait until so many messages were offered at least once."""
        wait_until(
            lambda: len(self.ledger.offered) >= count,
            seconds=STEP_SECONDS,
            what=f"{count:.0f} offers",
        )

    def wait_until_live(self, *, connections: int = 0) -> None:
        """Wait until every page is through its replay, after so many greetings."""
        pages = self.pages
        wait_until(
            lambda: (
                pages.connections() >= connections and pages.live() == len(pages.all)
            ),
            seconds=SETTLED_SECONDS,
            what=f"{len(pages.all)} live pages; refused {pages.refusals}",
        )

    def settle(self, senders: Senders) -> None:
        """Wait for the senders' end; then give what is missing time to come."""
        wait_until(senders.are_done, seconds=STEP_SECONDS, what="all is sent")
        self.outcome.promise(
            f"answers that nobody expected: {senders.surprises[:3]}",
            kept=not senders.surprises,
        )
        with contextlib.suppress(AssertionError):
            what = "all that was accepted is seen"
            wait_until(self.is_settled, seconds=SETTLED_SECONDS, what=what)

    def measure_healing(self) -> None:
        """Say how long pages and what is awaited need from now; 6 s are promised."""
        began, awaited = time.monotonic(), self.ledger.awaited()

        def is_healed() -> bool:
            are_live = self.pages.live() == len(self.pages.all)
            return are_live and not (awaited & self.ledger.awaited())

        with contextlib.suppress(AssertionError):
            wait_until(is_healed, seconds=SETTLED_SECONDS, what="healed")
        seconds = time.monotonic() - max(began, self.ledger.faults_ended_at)
        self.outcome.measured("healed after", seconds, at_most=ON_TIME_SECONDS)

    def is_settled(self) -> bool:
        """Say whether every page is live and nothing accepted is missing."""
        return not self.ledger.missing and self.pages.live() == len(self.pages.all)

    def judge(self, *, on_time: bool = True) -> Outcome:
        """Compare the ledger with the database and what was seen."""
        stored = self.site.stored(self.people)
        self.outcome.promise(self._missing(), kept=not self.ledger.missing)
        self.outcome.judge(self.ledger.counts(stored), on_time=on_time)
        return self.outcome

    def _missing(self) -> str:
        """Describe the pages that miss something, for who looks for the reason."""
        users = {user for user, _ in self.ledger.awaited()}
        told = [
            f"user {page.person.id}: {page.position}, {page.connections} connections,"
            f" {'live' if page.is_live else 'not live'}"
            for page in self.pages.all
            if page.person.id in users
        ]
        return f"missing: {'; '.join(told[:5])}"


@contextlib.contextmanager
def running(
    name: str,
    site: Site,
    *,
    users: int,
    seed: int,
    pages_each: int = 1,
    url: Callable[[], str] | None = None,
    patience_seconds: float = 1.0,
) -> Iterator[Run]:
    """Open the pages of fresh people and wait until they are live."""
    people = site.take_people(users)
    file = site.folder / f"ledger-{uuid.uuid4().hex}"
    with contextlib.closing(Ledger(file)) as ledger:
        pages = Pages(
            [person for person in people for _ in range(pages_each)],
            ledger,
            url=url or (lambda: site.url),
            patience_seconds=patience_seconds,
        )
        chance = random.Random(f"{name} {seed}")
        with pages:
            run = Run(site, Outcome(name), ledger, people, pages, chance)
            run.wait_until_live()
            yield run


def wait_seconds(seconds: float, each_turn: Callable[[], object]) -> None:
    """Do something again and again for this long: a fault lasts a while."""
    deadline = time.monotonic() + seconds
    wait_until(
        lambda: bool(each_turn()) or time.monotonic() >= deadline,
        seconds=seconds + 60,
        what="the time is over",
        interval=0.1,
    )
