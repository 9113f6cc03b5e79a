"""What arrived in the sandbox, and how it is told to answer; in memory, bounded."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

# The oldest go first.
KEPT = 1000


class Manner(StrEnum):
    """How the sandbox answers."""

    WORKS = "works"
    SLOW = "slow"
    ERROR = "500"
    BUSY = "429"
    GARBAGE = "garbage"
    REFUSED = "refused"
    UNAUTHORIZED = "401"
    AWAY = "away"


# In words, with what each part does.
MANNERS = {
    Manner.WORKS: "takes everything",
    Manner.SLOW: "answers after 5 seconds",
    Manner.ERROR: "answers that it is broken",
    Manner.BUSY: "asks to come back in 5 seconds",
    Manner.GARBAGE: "answers with a web page",
    Manner.REFUSED: "takes none",
    Manner.UNAUTHORIZED: "does not know us",
    Manner.AWAY: "hangs up in the middle",
}


class Kind(StrEnum):
    """What arrives."""

    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that was taken; `times` counts repetitions under the same id."""

    kind: Kind
    id: str
    address: str
    text: str
    at: datetime
    subject: str = ""
    html: str = ""
    times: int = 1


class Store:
    """What one process holds; every method may be called from any thread."""

    def __init__(self) -> None:
        """Begin empty, with everything working."""
        self._lock = threading.Lock()
        self._arrivals: OrderedDict[tuple[Kind, str], Arrival] = OrderedDict()
        self._manners = dict.fromkeys(Kind, Manner.WORKS)

    def take(self, arrival: Arrival) -> None:
        """Keep a message; one with a known id is a repetition and not delivered."""
        place = (arrival.kind, arrival.id)
        with self._lock:
            known = self._arrivals.get(place)
            if known is not None:
                self._arrivals[place] = replace(known, times=known.times + 1)
                return
            self._arrivals[place] = arrival
            if len(self._arrivals) > KEPT:
                self._arrivals.popitem(last=False)

    def newest(self, count: int) -> list[Arrival]:
        """List what arrived last, the newest first."""
        with self._lock:
            rows = list(self._arrivals.values())
        return rows[: -count - 1 : -1]

    def count(self) -> int:
        """Say how many messages are kept."""
        return len(self._arrivals)

    def clear(self) -> None:
        """Forget all messages."""
        with self._lock:
            self._arrivals.clear()

    def manner(self, kind: Kind) -> Manner:
        """Say how messages of a kind are answered."""
        return self._manners[kind]

    def turn(self, kind: Kind, manner: Manner) -> None:
        """Answer messages of a kind in another manner from now on."""
        self._manners[kind] = manner


store = Store()
