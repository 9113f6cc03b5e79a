"""The judge must be able to condemn: each kind of breach is counted."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.ledger import Counts, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger")
    yield ledger
    ledger.close()


def promised(ledger: Ledger, *messages: str) -> None:
    ledger.offer([(1, message) for message in messages])
    ledger.accept([(1, message) for message in messages])


def rows(*messages: str) -> list[tuple[int, int, str]]:
    return [(1, seq, message) for seq, message in enumerate(messages, start=1)]


def test_what_every_page_saw_is_delivered(ledger: Ledger) -> None:
    pages = [ledger.open_page(1), ledger.open_page(1)]
    promised(ledger, "a")
    for page in pages:
        ledger.see(page, seq=1, message="a")

    counts = ledger.counts(rows("a"))

    assert (counts.accepted, counts.delivered, counts.is_kept) == (1, 1, True)
    assert ledger.missing == 0


def test_what_one_page_did_not_see_is_lost(ledger: Ledger) -> None:
    page, _ = ledger.open_page(1), ledger.open_page(1)
    promised(ledger, "a")
    ledger.see(page, seq=1, message="a")

    assert ledger.counts(rows("a")).lost == 1


def test_what_the_database_does_not_hold_is_lost(ledger: Ledger) -> None:
    page = ledger.open_page(1)
    promised(ledger, "a")
    ledger.see(page, seq=1, message="a")

    assert ledger.counts([]).lost == 1


@pytest.mark.parametrize(
    ("arrivals", "stored", "field"),
    [
        ([(1, "a"), (1, "a")], ["a"], "doubled"),
        ([(1, "a"), (2, "a")], ["a"], "doubled"),
        ([(1, "a")], ["a", "a"], "doubled"),
        ([(2, "b"), (1, "a")], ["a", "b"], "reordered"),
        ([(1, "a"), (2, "x")], ["a"], "unexpected"),
        ([(1, "a")], ["a", "x"], "unexpected"),
    ],
)
def test_a_breach_is_counted(
    ledger: Ledger,
    arrivals: list[tuple[int, str]],
    stored: list[str],
    field: str,
) -> None:
    page = ledger.open_page(1)
    promised(ledger, *{message for _, message in arrivals if message != "x"})
    for seq, message in arrivals:
        ledger.see(page, seq=seq, message=message)

    counts = ledger.counts(rows(*stored))

    assert getattr(counts, field) == 1
    assert not counts.is_kept


def test_what_was_refused_and_is_there_is_recovered(ledger: Ledger) -> None:
    page = ledger.open_page(1)
    ledger.offer([(1, "a")])
    ledger.see(page, seq=1, message="a")

    counts = ledger.counts(rows("a"))

    assert (counts.recovered, counts.is_kept) == (1, True)


def test_what_came_long_after_the_fault_is_late(
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = ledger.open_page(1)
    now = time.monotonic()
    for at, message in ((now, "a"), (now + 1, "b")):
        monkeypatch.setattr(time, "monotonic", lambda at=at: at)
        promised(ledger, message)
    monkeypatch.setattr(time, "monotonic", lambda: now + 30)
    ledger.fault(began=now)
    monkeypatch.setattr(time, "monotonic", lambda: now + 35)
    ledger.see(page, seq=1, message="a")
    monkeypatch.setattr(time, "monotonic", lambda: now + 37)
    ledger.see(page, seq=2, message="b")

    counts = ledger.counts(rows("a", "b"))

    assert (counts.late, counts.slowest_seconds) == (1, 7)


def test_an_empty_ledger_is_kept(ledger: Ledger) -> None:
    assert ledger.counts([]) == Counts()
