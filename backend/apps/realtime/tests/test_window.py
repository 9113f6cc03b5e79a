"""What is in flight, and how often something may be done."""

from apps.realtime.limits import Budget, TokenBucket
from apps.realtime.window import Window


def test_the_window_closes_at_its_number_of_frames() -> None:
    window = Window(frames=2, size=1000)

    free = []
    for seq in (1, 2):
        free.append((window.is_open, window.free))
        window.add(str(seq), seq=seq, size=10)
    free.append((window.is_open, window.free))
    window.release(["1"])
    free.append((window.is_open, window.free))

    assert free == [(True, 2), (True, 1), (False, 0), (True, 1)]


def test_the_window_closes_at_its_number_of_bytes() -> None:
    window = Window(frames=64, size=100)

    window.add("a", seq=1, size=500)

    was_open = window.is_open
    assert not was_open
    assert window.release_up_to(1)
    assert window.is_open


def test_releasing_what_is_not_in_flight_changes_nothing() -> None:
    window = Window(frames=1, size=100)
    window.add("a", seq=5, size=1)

    assert not window.release(["z"])
    assert not window.release_up_to(4)
    assert not window.release_numbers({4})
    assert not window.is_open


def test_what_is_settled_elsewhere_is_let_go() -> None:
    window = Window(frames=3, size=100)
    for seq in (1, 2, 3):
        window.add(str(seq), seq=seq, size=1)

    assert window.release_numbers({1, 3})

    assert window.numbers() == {2: "2"}


def test_a_bucket_allows_a_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=4, burst=20)

    assert sum(bucket.allows(0.0) for _ in range(30)) == 20
    assert sum(bucket.allows(1.0) for _ in range(30)) == 4
    assert sum(bucket.allows(1000.0) for _ in range(30)) == 20


def test_a_budget_counts_within_its_span_only() -> None:
    budget = Budget(limit=3, span_seconds=60)

    assert not budget.spend(0)
    assert not budget.spend(50)
    assert not budget.spend(61)
    assert budget.spend(62)
