"""What the poll asks the database; a plain function for a database thread."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from apps.accounts import admission
from apps.accounts.admission import Credential, Standing
from apps.common import clock
from apps.notifications import epochs, selectors
from apps.notifications.selectors import Position
from apps.push import registry
from apps.push.registry import Change


@dataclass(frozen=True)
class Picture:
    """How things stand for the connected users of one process."""

    epoch: str
    positions: dict[int, Position]
    standings: dict[int, Standing]
    credentials: set[Credential]
    versions: dict[str, int]
    since: Mapping[str, int]
    changes: dict[str, list[Change] | None]
    progress: dict[int, str]


def look(
    user_ids: Sequence[int],
    credentials: Collection[Credential],
    watched: Collection[int],
    *,
    since: Mapping[str, int],
) -> Picture:
    """Read positions, standings, credentials, versions and watched progress.

    since: for each snapshot the version from which on changes are wanted.
    """
    clock.synchronize()
    domain = registry.watchable()
    # Before the changes: what comes between the two is looked at next time.
    versions = registry.versions()
    return Picture(
        epoch=selectors.epoch(),
        positions=selectors.positions(user_ids),
        standings=admission.standings(user_ids),
        credentials=admission.valid_credentials(credentials),
        versions=versions,
        since=since,
        changes=registry.changes(since),
        progress=domain.progress(watched) if domain and watched else {},
    )


def outstanding(asked: dict[int, set[int]]) -> dict[int, tuple[int, set[int]]]:
    """Return, per user, the state version and which of the numbers are outstanding."""
    positions = selectors.positions(list(asked))
    return {
        user_id: (
            positions[user_id].state_version if user_id in positions else 0,
            selectors.still_outstanding(user_id, numbers) if numbers else set(),
        )
        for user_id, numbers in asked.items()
    }


def change_epoch(seen: str) -> None:
    """Draw a new epoch: the store is older than what this process read before."""
    epochs.bump(seen=seen)
