"""What is read when a connection opens; plain functions for a database thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from apps.accounts.admission import Standing
from apps.notifications import selectors
from apps.notifications.selectors import Beginning, Position
from apps.push import registry
from apps.push.client_frames import Resume


@dataclass(frozen=True)
class Greeting:
    """Everything that `hello` and the snapshots say.

    start: where the cursor begins. is_resumed: a position was given and accepted.
    recovered: False says openly that a given position was of no use.
    """

    position: Position
    start: int
    is_resumed: bool
    recovered: bool
    replay_truncated: bool
    unread: int
    snapshots: tuple[str, ...]
    versions: dict[str, int]


@dataclass(frozen=True)
class Newcomer:
    """A connection that is let in and has joined its groups."""

    standing: Standing
    resume: Resume | None


def read(newcomers: Sequence[Newcomer]) -> list[Greeting]:
    """Read what is said to each, in a few queries for all."""
    versions = registry.versions()
    standings = {each.standing.user_id: each.standing for each in newcomers}
    beginnings = selectors.beginnings(list(standings), limit=settings.WS_REPLAY_LIMIT)
    shown = snapshots_of_many(list(standings.values()))
    return [
        _greeting(
            beginnings[each.standing.user_id],
            each.resume,
            snapshots=shown[each.standing.user_id],
            versions=versions,
        )
        for each in newcomers
    ]


def _greeting(
    beginning: Beginning,
    resume: Resume | None,
    *,
    snapshots: tuple[str, ...],
    versions: dict[str, int],
) -> Greeting:
    position = beginning.head.position
    is_resumed = resume is not None and _is_usable(resume, position)
    start, truncated = beginning.replay_after, beginning.is_truncated
    if is_resumed and resume is not None:
        start, truncated = resume.seq, False
    return Greeting(
        position=position,
        start=start,
        is_resumed=is_resumed,
        recovered=is_resumed or resume is None,
        replay_truncated=truncated,
        unread=beginning.head.unread,
        snapshots=snapshots,
        versions=versions,
    )


def snapshots_of_many(standings: Sequence[Standing]) -> dict[int, tuple[str, ...]]:
    """Encode every registered snapshot that there is for these users, by their ids."""
    found: dict[int, list[str]] = {standing.user_id: [] for standing in standings}
    for snapshot in registry.snapshots():
        if snapshot.frames is not None and len(standings) > 1:
            frames = snapshot.frames(standings)
        else:
            each = {one.user_id: snapshot.frame(one) for one in standings}
            frames = {key: frame for key, frame in each.items() if frame is not None}
        for user_id, frame in frames.items():
            found[user_id].append(frame)
    return {user_id: tuple(frames) for user_id, frames in found.items()}


def _is_usable(resume: Resume, position: Position) -> bool:
    return (
        resume.epoch == position.epoch
        and position.pruned_to <= resume.seq <= position.last_seq
    )
