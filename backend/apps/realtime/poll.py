"""Compares what a process's connections know with the database, every few seconds.

This is what makes every hint dispensable (docs/protocol.md, I5).
"""

import logging
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from apps.accounts.admission import Credential
from apps.push import protocol, registry
from apps.realtime import greeting, looking
from apps.realtime.database import DatabaseUnavailable
from apps.realtime.looking import Picture
from apps.realtime.metrics import POLLS
from apps.realtime.snapshot_versions import Verdict

if TYPE_CHECKING:
    from apps.realtime.connection import Connection
    from apps.realtime.hub import Hub

logger = logging.getLogger(__name__)

USERS_AT_ONCE = 200


class Poll:
    """One look at the database and what follows from it."""

    def __init__(self, hub: "Hub") -> None:
        """Remember nothing yet."""
        self._hub = hub
        self._last_seqs: dict[int, int] = {}
        self._progress: dict[int, str] = {}

    async def look(self) -> None:
        """Look once; a database that does not answer changes nothing."""
        connections = self._hub.admitted()
        if not connections:
            return
        asked = {connection: connection.credential for connection in connections}
        try:
            picture = await self._hub.database.run(
                looking.look,
                sorted({connection.user_id for connection in connections}),
                set(asked.values()),
                {mailing for each in connections for mailing in each.watched},
                since=self._since(connections),
            )
            if self._went_back(picture):
                await self._hub.database.run(looking.change_epoch, picture.epoch)
                POLLS.labels("epoch changed").inc()
                return
            await self._apply(picture, asked)
        except (DatabaseUnavailable, DatabaseError) as error:
            POLLS.labels("failed").inc()
            logger.warning("poll failed", extra={"error": type(error).__name__})
            return
        POLLS.labels("ok").inc()

    @staticmethod
    def _since(connections: "list[Connection]") -> dict[str, int]:
        greeted = [each.snapshots for each in connections if each.is_greeted]
        names = [each.name for each in registry.snapshots()] if greeted else []
        return {name: min(each.known(name) for each in greeted) for name in names}

    def _went_back(self, picture: Picture) -> bool:
        found = {
            user_id: position.last_seq
            for user_id, position in picture.positions.items()
        }
        went_back = any(
            found.get(user_id, 0) < last_seq
            for user_id, last_seq in self._last_seqs.items()
            if user_id in picture.standings
        )
        self._last_seqs = found
        return went_back

    async def _apply(
        self,
        picture: Picture,
        asked: "dict[Connection, Credential]",
    ) -> None:
        stale: list[Connection] = []
        for connection, credential in asked.items():
            if not self._hub.has(connection):
                continue
            if connection.credential is not credential:
                # Renewed while we looked: what we found is about the login before.
                self._hub.look_soon()
                continue
            if not self._may_stay(connection, picture):
                continue
            if self._is_unsettled(connection, picture):
                await self._hub.regroup(connection)
                stale.append(connection)
            elif self._is_outdated(connection, picture):
                stale.append(connection)
            position = picture.positions.get(connection.user_id)
            if position is not None:
                connection.observe(position)
        await self._send_snapshots(stale, picture)
        self._send_progress(picture)

    def _may_stay(self, connection: "Connection", picture: Picture) -> bool:
        if connection.epoch and connection.epoch != picture.epoch:
            text = "The store was restored; reload."
            connection.end(protocol.CLOSE_EPOCH_CHANGED, "epoch_changed", text)
            return False
        standing = picture.standings.get(connection.user_id)
        known = connection.standing.login_fingerprint
        is_valid = (
            standing is not None
            and standing.is_active
            and standing.login_fingerprint == known
            and connection.credential in picture.credentials
        )
        if not is_valid:
            text = "The login is not valid any more."
            connection.end(protocol.CLOSE_UNAUTHENTICATED, "unauthenticated", text)
        return is_valid

    @staticmethod
    def _is_unsettled(connection: "Connection", picture: Picture) -> bool:
        standing = picture.standings[connection.user_id]
        if connection.standing.fingerprint != standing.fingerprint:
            connection.set_standing(standing)
        return connection.is_unsettled

    def _is_outdated(self, connection: "Connection", picture: Picture) -> bool:
        if not connection.is_greeted:
            return False
        verdicts = {
            connection.snapshots.compare(
                name,
                version=version,
                changes=picture.changes.get(name),
                groups=connection.groups,
            )
            for name, version in picture.versions.items()
            # Greeted while we looked, from before what was asked for: next time.
            if connection.snapshots.known(name) >= picture.since.get(name, 0)
        }
        if Verdict.LOOK_AGAIN in verdicts:
            self._hub.look_soon()
        return Verdict.MISSED in verdicts

    async def _send_snapshots(
        self,
        stale: "list[Connection]",
        picture: Picture,
    ) -> None:
        greeted = [each for each in stale if each.is_greeted]
        for begin in range(0, len(greeted), USERS_AT_ONCE):
            some = greeted[begin : begin + USERS_AT_ONCE]
            standings = {each.user_id: each.standing for each in some}
            try:
                frames = await self._hub.database.run(
                    greeting.snapshots_of_many,
                    list(standings.values()),
                )
            except (DatabaseUnavailable, DatabaseError):
                return
            for connection in some:
                if self._hub.has(connection):
                    found = frames[connection.user_id]
                    connection.resnapshot(found, picture.versions)

    def _send_progress(self, picture: Picture) -> None:
        for mailing, frame in picture.progress.items():
            if self._progress.get(mailing) != frame:
                self._hub.send_progress(mailing, frame)
        self._progress = picture.progress
