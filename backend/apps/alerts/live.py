"""What the socket asks of alerts; importing this registers it."""

from collections.abc import Sequence

from apps.accounts.admission import Standing
from apps.alerts import frames, reminders, selectors, showing, versions
from apps.common import clock
from apps.push.registry import Mark, Snapshot, register_snapshot


def frame(standing: Standing) -> str:
    """Encode the alerts that one user may see now.

    The version is read before the rows: a change between the two is told again.
    """
    version = versions.current()
    rows = selectors.visible_to(standing.user_id, standing.team_id, now=clock.now())
    showing.note_all(standing.user_id, rows)
    return frames.snapshot(rows, version=version)


def frames_for(standings: Sequence[Standing]) -> dict[int, str]:
    """Encode them for many users, in a few queries for all."""
    version = versions.current()
    found = selectors.visible_to_many(standings, now=clock.now())
    for user_id, rows in found.items():
        showing.note_all(user_id, rows)
    return {
        user_id: frames.snapshot(rows, version=version)
        for user_id, rows in found.items()
    }


def personal(mark: Mark, user_ids: list[int]) -> dict[int, str]:
    """Build the reminders of one slot for those of the users whom it is for."""
    return reminders.own_frames(
        mark.subject,
        mark.mark,
        version=mark.version,
        user_ids=user_ids,
    )


register_snapshot(
    Snapshot(
        versions.SNAPSHOT,
        frame=frame,
        version=versions.current,
        frames=frames_for,
        changes=versions.changes,
        shown=showing.note,
        personal=personal,
    ),
)
