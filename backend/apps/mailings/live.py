"""What the socket asks of mailings; importing this registers it."""

from collections.abc import Collection

from apps.accounts.admission import Standing
from apps.common import clock
from apps.mailings import progress, selectors
from apps.push import protocol
from apps.push.registry import (
    Snapshot,
    Watchable,
    register_snapshot,
    register_watchable,
)


def snapshot(standing: Standing) -> str | None:
    """Encode the mailings that a user may follow; None for who may follow none."""
    rows = selectors.followed_by(standing.user_id, is_operator=may_hear(standing))
    found = progress.many(rows, now=clock.now())
    if not found and not may_hear(standing):
        return None
    return protocol.mailings(found)


def may_hear(standing: Standing) -> bool:
    """Say whether a user hears of every mailing."""
    return standing.is_operator or standing.is_superuser


def may_watch(standing: Standing, mailing_id: int) -> bool:
    """Say whether a user may follow a mailing: operators, and who wrote it."""
    rows = progress.with_counters().filter(pk=mailing_id)
    if not may_hear(standing):
        rows = rows.filter(created_by=standing.user_id)
    return rows.exists()


def frames(mailing_ids: Collection[int]) -> dict[int, str]:
    """Encode the progress of the mailings that are watched."""
    return progress.frames(mailing_ids, now=clock.now())


register_snapshot(Snapshot("mailings", frame=snapshot))
register_watchable(
    Watchable(may_watch=may_watch, progress=frames, may_hear=may_hear),
)
