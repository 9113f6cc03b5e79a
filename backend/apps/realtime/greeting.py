"""What is read when a connection opens; plain functions for a database thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from apps.accounts.admission import Standing
from apps.notifications import selectors
from apps.notifications.selectors import Position
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


def read(standing: Standing, resume: Resume | None) -> Greeting:
    """Read it; the connection has joined its groups before."""
    versions = registry.versions()
    head = selectors.head(standing.user_id)
    position = head.position
    is_resumed = resume is not None and _is_usable(resume, position)
    start, truncated = position.last_seq, False
    if is_resumed and resume is not None:
        start = resume.seq
    else:
        start, truncated = selectors.replay_start(
            standing.user_id,
            up_to=position.last_seq,
            limit=settings.WS_REPLAY_LIMIT,
        )
    return Greeting(
        position=position,
        start=start,
        is_resumed=is_resumed,
        recovered=is_resumed or resume is None,
        replay_truncated=truncated,
        unread=head.unread,
        snapshots=snapshots(standing),
        versions=versions,
    )


def snapshots(standing: Standing) -> tuple[str, ...]:
    """Encode every registered snapshot that there is for this user."""
    frames = (snapshot.frame(standing) for snapshot in registry.snapshots())
    return tuple(frame for frame in frames if frame is not None)


def snapshots_of_many(standings: Sequence[Standing]) -> dict[int, tuple[str, ...]]:
    """Encode the same for many users, by their ids."""
    found: dict[int, list[str]] = {standing.user_id: [] for standing in standings}
    for snapshot in registry.snapshots():
        if snapshot.frames is not None:
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
