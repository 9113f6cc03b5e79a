"""Which versions of the snapshots one connection has; no input, no output.

A version is deployment-wide, and most of them concern other people. So a connection
keeps the version up to which it surely has everything (`known`) and the versions above
that it has heard. The poll says which versions concern which groups; a version that
concerns one of ours and was not heard was missed (docs/protocol.md, I5).
"""

from collections.abc import Collection, Mapping
from enum import Enum

from apps.push.registry import Change


class Verdict(Enum):
    """What comparing with the database says of one snapshot."""

    UP_TO_DATE = "up to date"
    LOOK_AGAIN = "a hint may be on its way"
    MISSED = "missed"


class SnapshotVersions:
    """What one connection has of each snapshot."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._known: dict[str, int] = {}
        self._heard: dict[str, set[int]] = {}

    def restart(self, versions: Mapping[str, int]) -> None:
        """Begin from snapshots that hold at least these versions.

        What was heard before is forgotten: a snapshot that was read earlier than a
        frame was sent may have undone it, and then the next look finds it missing.
        """
        self._known = dict(versions)
        self._heard = {}

    def known(self, name: str) -> int:
        """Return the version up to which nothing is missing."""
        return self._known.get(name, 0)

    def hear(self, name: str, version: int) -> bool:
        """Take note of a version; False when it was known or heard before."""
        heard = self._heard.setdefault(name, set())
        if version <= self.known(name) or version in heard:
            return False
        heard.add(version)
        return True

    def compare(
        self,
        name: str,
        *,
        version: int,
        changes: Collection[Change] | None,
        groups: Collection[str],
    ) -> Verdict:
        """Compare with the database's version, and know it if nothing is missing.

        changes: those since what is known, at least; None when nobody can say.
        """
        known = self.known(name)
        if version <= known:
            return Verdict.UP_TO_DATE
        if changes is None:
            return Verdict.MISSED
        heard = self._heard.get(name, set())
        missing = [
            change
            for change in changes
            if known < change.version <= version
            and change.group in groups
            and change.version not in heard
        ]
        if any(not change.is_fresh for change in missing):
            return Verdict.MISSED
        if missing:
            return Verdict.LOOK_AGAIN
        self._known[name] = version
        self._heard[name] = {each for each in heard if each > version}
        return Verdict.UP_TO_DATE
