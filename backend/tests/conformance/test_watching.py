"""Snapshots of other domains and the progress of what is watched."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.client import Socket
from tests.conformance.door import Door, Person
from tests.fake_domain import FILE_NAME

Change = Callable[..., None]


@pytest.fixture
def change_domain(door: Door) -> Change:
    """Change the fake domain: mailings are added."""
    data_dir = door.deployment.data_dir
    if data_dir is None:
        pytest.skip("a server elsewhere has no fake domain")
    path = data_dir / FILE_NAME

    def change(*, mailings: dict[int, dict[str, Any]] | None = None) -> None:
        domain: dict[str, Any] = {"mailings": {}}
        if path.exists():
            domain = json.loads(path.read_text())
        for mailing, facts in (mailings or {}).items():
            domain["mailings"][str(mailing)] = facts
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(domain))
        temporary.replace(path)

    return change


def progress(mailing: int, *, sent: int, status: str = "running") -> dict[str, Any]:
    """Build a progress frame."""
    return {
        "type": "mailing_progress",
        "mailing": mailing,
        "status": status,
        "total": 100,
        "sent": sent,
        "failed": 0,
        "waiting": 0,
        "expired": 0,
        "unknown": 0,
        "cancelled": 0,
        "rate": 12.5,
        "eta_seconds": 8,
    }


def mailing_for(person: Person, change: Change) -> int:
    """Add a mailing that this person may watch; say its id."""
    mailing = 1_000 + person.id
    facts = {"watchers": [person.id], "progress": progress(mailing, sent=10)}
    change(mailings={mailing: facts})
    return mailing


def watch(socket: Socket, mailing: int) -> bool:
    """Ask to watch; say whether that is allowed."""
    socket.send("watch", mailing=mailing)
    return bool(socket.until("watch_result", mailing=mailing)["ok"])


def test_a_snapshot_is_only_for_those_who_may_see_it(
    door: Door,
    change_domain: Change,
) -> None:
    person, other = door.person(), door.person()
    mailing = mailing_for(person, change_domain)

    own = person.connect().greeting().snapshots
    foreign = other.connect().greeting().snapshots

    assert [frame["type"] for frame in own] == ["alerts", "mailings"]
    assert [item["mailing"] for item in own[1]["mailings"]] == [mailing]
    assert [frame["type"] for frame in foreign] == ["alerts"]


def test_what_is_watched_tells_its_progress_until_it_is_not(
    door: Door,
    change_domain: Change,
) -> None:
    person = door.person()
    mailing = mailing_for(person, change_domain)
    socket = person.tab()
    assert watch(socket, mailing) is True

    done = progress(mailing, sent=100, status="done")
    change_domain(mailings={mailing: {"watchers": [person.id], "progress": done}})

    final = socket.until("mailing_progress", mailing=mailing, sent=100)
    assert final == done


def test_unwatching_ends_the_progress(door: Door, change_domain: Change) -> None:
    person = door.person()
    mailing = mailing_for(person, change_domain)
    socket, other = person.tab(), person.tab()
    assert watch(socket, mailing)
    assert watch(other, mailing)
    socket.send("unwatch", mailing=mailing)
    socket.quiet()

    facts = {"watchers": [person.id], "progress": progress(mailing, sent=77)}
    change_domain(mailings={mailing: facts})

    other.until("mailing_progress", sent=77)
    frames = socket.quiet()
    assert not [f for f in frames if f["type"] == "mailing_progress"]


def test_an_unknown_mailing_cannot_be_watched(
    door: Door,
    change_domain: Change,
) -> None:
    change_domain()
    socket = door.person().tab()

    assert watch(socket, 999_999) is False
    assert socket.quiet() == []


def test_a_foreign_mailing_cannot_be_watched(
    door: Door,
    change_domain: Change,
) -> None:
    mailing = mailing_for(door.person(), change_domain)
    socket = door.person().tab()

    assert watch(socket, mailing) is False


def test_unwatching_what_is_not_watched_is_harmless(door: Door) -> None:
    socket = door.person().tab()

    socket.send("unwatch", mailing=5)

    frames = socket.quiet()
    assert {frame["type"] for frame in frames} <= {"watch_result"}


@pytest.mark.parametrize("mailing", [None, "7", 7.0, True, -1, 0, 2**63, [7], {}])
@pytest.mark.parametrize("kind", ["watch", "unwatch"])
def test_a_mailing_that_is_no_number_gets_an_error(
    door: Door,
    kind: str,
    mailing: object,
) -> None:
    socket = door.person().tab()

    socket.send(kind, mailing=mailing, id="w1")

    assert socket.refusal()["ref"] == "w1"
    assert socket.quiet() == []
