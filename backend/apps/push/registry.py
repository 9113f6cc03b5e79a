"""What the socket asks of apps that it does not know; they register when they start.

Two things can be registered: a snapshot (state that a connection is given whole, such
as the alerts that a user may see now) and one watchable domain (things whose progress
whoever may see them can follow, the mailings).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from apps.accounts.admission import Standing


@dataclass(frozen=True)
class Snapshot:
    """State that is sent whole after `hello` and again when its version moved.

    frame: the encoded snapshot for one user, or None where there is nothing for them.
    version: the deployment-wide version, one cheap query; None for a snapshot that is
    only sent on connect and after a change of team or role.
    """

    name: str
    frame: Callable[[Standing], str | None]
    version: Callable[[], int] | None = None


@dataclass(frozen=True)
class Watchable:
    """Things with progress frames.

    may_watch: says whether this user may watch the thing with this id.
    progress: encoded progress frames of the given ids, one query for all.
    may_hear: says whether a user hears in the group `mailings` when one starts, pauses
    or ends; decided from the standing alone.
    """

    may_watch: Callable[[Standing, int], bool]
    progress: Callable[[Collection[int]], dict[int, str]]
    may_hear: Callable[[Standing], bool] | None = None


class _Registry:
    def __init__(self) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self.watchable: Watchable | None = None


_registry = _Registry()


def register_snapshot(snapshot: Snapshot) -> None:
    """Add a snapshot; the name `alerts` gives `alerts_version` in `hello`.

    Raises: ValueError when the name is taken.
    """
    if snapshot.name in _registry.snapshots:
        message = f"a snapshot named {snapshot.name} is registered already"
        raise ValueError(message)
    _registry.snapshots[snapshot.name] = snapshot


def register_watchable(watchable: Watchable) -> None:
    """Set the watchable domain.

    Raises: ValueError when there is one already.
    """
    if _registry.watchable is not None:
        message = "a watchable domain is registered already"
        raise ValueError(message)
    _registry.watchable = watchable


def snapshots() -> list[Snapshot]:
    """Return the registered snapshots in the order of registration."""
    return list(_registry.snapshots.values())


def watchable() -> Watchable | None:
    """Return the watchable domain, if an app registered one."""
    return _registry.watchable


def versions() -> dict[str, int]:
    """Read the version of every snapshot that has one."""
    return {
        snapshot.name: snapshot.version()
        for snapshot in snapshots()
        if snapshot.version is not None
    }
