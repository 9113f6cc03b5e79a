"""What was accepted, on disk before anything else happens, against what was seen.

The words are Jepsen's: a message that was promised and is missing is lost; one that
shows up without a promise is recovered, and may.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# One message to one user: (user, message).
Entry = tuple[int, str]
ON_TIME_SECONDS = 6.0


@dataclass(frozen=True)
class Counts:
    """How many messages came to what.

    accepted: our side answered 2xx, or the broker confirmed.
    delivered: of these, in the database and seen by every page of the user.
    late: of these, later than 6 s after the acceptance and the end of the faults.
    recovered: not accepted, but there; allowed.
    unexpected: there, but never sent by anybody.
    slowest_seconds: of what was delivered, by the measure of `late`.
    """

    accepted: int = 0
    delivered: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    late: int = 0
    recovered: int = 0
    unexpected: int = 0
    slowest_seconds: float = 0.0

    @property
    def is_kept(self) -> bool:
        """Say whether the promise was kept: nothing lost, doubled or made up."""
        return not (self.lost or self.doubled or self.reordered or self.unexpected)


@dataclass(frozen=True)
class Arrival:
    """A notification as one page got it."""

    seq: int
    message: str
    at: float


@dataclass
class Page:
    """All that one open page of a user was given, in order of arrival."""

    user: int
    arrivals: list[Arrival] = field(default_factory=list)

    def doubled(self) -> int:
        """Count what came although the number or the message had come before."""
        seqs = Counter(arrival.seq for arrival in self.arrivals)
        messages = Counter(arrival.message for arrival in self.arrivals)
        again = [sum(counter.values()) - len(counter) for counter in (seqs, messages)]
        return max(again)

    def reordered(self) -> int:
        """Count what came after a higher number, repetitions aside."""
        seen: set[int] = set()
        highest = count = 0
        for arrival in self.arrivals:
            count += arrival.seq < highest and arrival.seq not in seen
            highest = max(highest, arrival.seq)
            seen.add(arrival.seq)
        return count


class Ledger:
    """Offers, acceptances, arrivals and faults of one run; safe from any thread."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.offered: set[Entry] = set()
        self.accepted = 0
        self._pages: dict[int, Page] = {}
        self._faults: list[tuple[float, float]] = []
        self._seen: set[Entry] = set()
        self._awaited: set[Entry] = set()
        self._lock = threading.Lock()
        self._output = file.open("a", encoding="utf-8")

    def offer(self, entries: Iterable[Entry]) -> None:
        """Note what is about to be sent."""
        with self._lock:
            self.offered.update(entries)

    def accept(self, entries: Iterable[Entry]) -> None:
        """Note what was promised; it is on disk when this returns."""
        now = time.monotonic()
        with self._lock:
            for user, message in entries:
                line = json.dumps([user, message, now])
                self._output.write(f"{line}\n")
                self.accepted += 1
                if (user, message) not in self._seen:
                    self._awaited.add((user, message))
            self._output.flush()
            os.fsync(self._output.fileno())

    def open_page(self, user: int) -> Page:
        """Note that a page of this user is open from now to the end."""
        with self._lock:
            page = Page(user)
            self._pages[id(page)] = page
        return page

    def see(self, page: Page, *, seq: int, message: str) -> None:
        """Note what a page was given."""
        page.arrivals.append(Arrival(seq, message, time.monotonic()))
        entry = (page.user, message)
        with self._lock:
            self._seen.add(entry)
            self._awaited.discard(entry)

    def fault(self, began: float) -> None:
        """Note that a fault that began at this monotonic time has just ended."""
        with self._lock:
            self._faults.append((began, time.monotonic()))

    @property
    def faults_ended_at(self) -> float:
        """Say when the last of the faults so far ended; 0 without one."""
        with self._lock:
            return max((ended for _, ended in self._faults), default=0.0)

    @property
    def missing(self) -> int:
        """Count what was accepted and not yet seen by any page."""
        return len(self._awaited)

    def awaited(self) -> set[Entry]:
        """List what was accepted and not yet seen by any page."""
        with self._lock:
            return set(self._awaited)

    def close(self) -> None:
        """Close the file."""
        self._output.close()

    def counts(self, stored: Iterable[tuple[int, int, str]]) -> Counts:
        """Compare the file with the pages and the database's (user, seq, message)."""
        accepted = dict(self._read())
        rows = Counter((user, message) for user, _, message in stored)
        first_seen = self._everywhere_seen_at()
        seen = {(p.user, a.message) for p in self._pages.values() for a in p.arrivals}
        there = set(rows) | seen
        slow = [
            first_seen[entry] - self._due(at)
            for entry, at in accepted.items()
            if entry in first_seen
        ]
        lost = [e for e in accepted if not (e in rows and e in first_seen)]
        return Counts(
            accepted=len(accepted),
            delivered=len(accepted) - len(lost),
            lost=len(lost),
            doubled=rows.total()
            - len(rows)
            + sum(page.doubled() for page in self._pages.values()),
            reordered=sum(page.reordered() for page in self._pages.values()),
            late=sum(each > ON_TIME_SECONDS for each in slow),
            recovered=len((there & self.offered) - set(accepted)),
            unexpected=len(there - self.offered),
            slowest_seconds=max([0.0, *slow]),
        )

    def _read(self) -> Iterator[tuple[Entry, float]]:
        with self.file.open(encoding="utf-8") as lines:
            for line in lines:
                user, message, at = json.loads(line)
                yield (user, message), at

    def _everywhere_seen_at(self) -> dict[Entry, float]:
        """Say when the last of a user's pages saw each message that all of them saw."""
        pages = Counter(page.user for page in self._pages.values())
        times: dict[Entry, dict[int, float]] = {}
        for number, page in self._pages.items():
            for arrival in page.arrivals:
                entry = (page.user, arrival.message)
                times.setdefault(entry, {}).setdefault(number, arrival.at)
        return {
            entry: max(seen.values())
            for entry, seen in times.items()
            if len(seen) == pages[entry[0]]
        }

    def _due(self, accepted_at: float) -> float:
        """Say from when on the time of a message counts: not while a fault lasts."""
        due = accepted_at
        for began, ended in sorted(self._faults):
            if began <= due + ON_TIME_SECONDS:
                due = max(due, ended)
        return due
