"""What the socket asks of apps that it does not know; they register when they start.

Two things can be registered: a snapshot (state that a connection is given whole, such
as the alerts that a user may see now, and whose changes it then hears) and one
watchable domain (things whose progress whoever may see them can follow, the mailings).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from apps.accounts.admission import Standing


@dataclass(frozen=True)
class Change:
    """A version of a snapshot, and a group that it concerns.

    is_fresh: a hint of it may still be on its way; not hearing it means nothing yet.
    """

    version: int
    group: str
    is_fresh: bool = False


@dataclass(frozen=True)
class Mark:
    """What a personal change is of: subject, version, and the app's own mark."""

    subject: int
    version: int
    mark: int


@dataclass(frozen=True)
class Snapshot:
    """State that is sent whole after `hello` and again when a change was missed.

    frame: the encoded snapshot for one user, or None where there is nothing for them.
    version: the deployment-wide version, one cheap query; None for a snapshot that is
    only sent on connect and after a change of team or role.
    frames: the same as `frame` for many users in few queries, by the user's id.
    changes: what changed after a version, or None when that is not known any more. A
    connection that is in none of the groups missed nothing, and one that heard each
    version of its groups neither. Without it, every new version sends every connection
    the snapshot again.
    shown: told of each frame with a subject that was sent to a user, as (subject, user
    id); called on the event loop, so it returns at once.
    personal: frames of a change that differ from user to user, by the id of the users
    whom it is for; asked with whatever the hint said and the ids of those connected.
    """

    name: str
    frame: Callable[[Standing], str | None]
    version: Callable[[], int] | None = None
    frames: Callable[[Sequence[Standing]], Mapping[int, str]] | None = None
    changes: Callable[[int], list[Change] | None] | None = None
    shown: Callable[[int, int], None] | None = None
    personal: Callable[[Mark, list[int]], Mapping[int, str]] | None = None


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


def snapshot(name: str) -> Snapshot | None:
    """Return the snapshot with this name, if an app registered one."""
    return _registry.snapshots.get(name)


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


def changes(since: Mapping[str, int]) -> dict[str, list[Change] | None]:
    """Read what changed in each snapshot after the version given for it.

    Left out are those that do not say, and those that are still at that version.
    """
    return {
        each.name: each.changes(since[each.name])
        for each in snapshots()
        if each.changes is not None
        and each.version is not None
        and each.name in since
        and each.version() > since[each.name]
    }
