"""How much is measured: the real thing, a look, and just enough to see it work."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Counts of people and sockets, and how long each measurement lasts."""

    rounds: int
    people: int
    seconds: float
    warm_up_seconds: float
    # How long a line waits, at most, for the work that the last one left behind.
    settle_seconds: float
    # Rows for each person, of which a round may use up all.
    bank: int
    queued: int
    queued_for_stock: int
    idle_sockets: int
    idle_people: int
    # Long enough for every socket to have answered a ping.
    held_seconds: float


FULL = Sizes(
    rounds=5,
    people=1000,
    seconds=3.0,
    warm_up_seconds=1.0,
    settle_seconds=20.0,
    bank=120,
    queued=6000,
    queued_for_stock=800,
    idle_sockets=10_000,
    idle_people=1000,
    held_seconds=25.0,
)
QUICK = Sizes(
    rounds=1,
    people=1000,
    seconds=1.5,
    warm_up_seconds=0.5,
    settle_seconds=20.0,
    bank=100,
    queued=3000,
    queued_for_stock=300,
    idle_sockets=3000,
    idle_people=300,
    held_seconds=2.0,
)
TINY = Sizes(
    rounds=1,
    people=20,
    seconds=0.3,
    warm_up_seconds=0.1,
    # Nobody reads these figures, and a busy machine is never quiet.
    settle_seconds=0.0,
    bank=1000,
    queued=60,
    queued_for_stock=20,
    idle_sockets=40,
    idle_people=4,
    held_seconds=0.1,
)
BY_NAME = {"full": FULL, "quick": QUICK, "tiny": TINY}
