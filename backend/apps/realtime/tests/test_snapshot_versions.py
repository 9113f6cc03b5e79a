"""What a connection missed, what it did not, and what may still come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.push.registry import Change
from apps.realtime.snapshot_versions import SnapshotVersions, Verdict

MINE = {"everyone", "team.1", "user.5"}


@pytest.fixture
def at_ten() -> SnapshotVersions:
    """Return a connection with the snapshot of version 10."""
    versions = SnapshotVersions()
    versions.restart({"alerts": 10})
    return versions


def compare(versions: SnapshotVersions, version: int, *changes: Change) -> Verdict:
    return versions.compare("alerts", version=version, changes=changes, groups=MINE)


def test_what_concerns_others_is_not_missed(at_ten: SnapshotVersions) -> None:
    assert compare(at_ten, 12, Change(11, "team.2"), Change(12, "user.6")) is (
        Verdict.UP_TO_DATE
    )
    assert at_ten.known("alerts") == 12


def test_what_was_heard_is_not_missed_and_heard_once(at_ten: SnapshotVersions) -> None:
    assert at_ten.hear("alerts", 11)
    assert not at_ten.hear("alerts", 11)
    assert not at_ten.hear("alerts", 10)

    assert compare(at_ten, 11, Change(11, "everyone")) is Verdict.UP_TO_DATE


def test_a_lost_change_is_missed_although_a_later_one_was_heard(
    at_ten: SnapshotVersions,
) -> None:
    at_ten.hear("alerts", 12)

    found = compare(at_ten, 12, Change(11, "everyone"), Change(12, "everyone"))

    assert found is Verdict.MISSED


def test_a_fresh_change_is_given_a_moment(at_ten: SnapshotVersions) -> None:
    fresh = Change(11, "team.1", is_fresh=True)

    assert compare(at_ten, 11, fresh) is Verdict.LOOK_AGAIN
    assert at_ten.known("alerts") == 10
    assert compare(at_ten, 11, Change(11, "team.1")) is Verdict.MISSED


def test_what_nobody_can_say_is_missed(at_ten: SnapshotVersions) -> None:
    found = at_ten.compare("alerts", version=11, changes=None, groups=MINE)

    assert found is Verdict.MISSED


def test_a_new_snapshot_forgets_what_was_heard_after_it(
    at_ten: SnapshotVersions,
) -> None:
    at_ten.hear("alerts", 11)
    at_ten.restart({"alerts": 10})

    assert compare(at_ten, 11, Change(11, "everyone")) is Verdict.MISSED


@given(
    st.lists(st.sampled_from(["everyone", "team.1", "team.2", "user.6"]), max_size=20),
    st.sets(st.integers(min_value=1, max_value=20)),
    st.lists(st.integers(min_value=0, max_value=20), max_size=5),
)
def test_whatever_is_heard_and_looked_at_nothing_is_missed_unseen(
    groups: list[str], heard: set[int], looks: list[int]
) -> None:
    changes = [Change(place, group) for place, group in enumerate(groups, start=1)]
    versions = SnapshotVersions()
    versions.restart({"alerts": 0})
    seen: set[int] = set()

    for look in [*sorted(looks), len(groups)]:
        version = min(look, len(groups))
        for number in heard:
            if number <= version and versions.hear("alerts", number):
                seen.add(number)
        found = compare(versions, version, *changes[:version])
        if found is Verdict.MISSED:
            versions.restart({"alerts": version})
            seen |= set(range(1, version + 1))
        wanted = {each.version for each in changes[:version] if each.group in MINE}
        assert wanted <= seen
