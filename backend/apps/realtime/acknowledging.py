"""Joins the acknowledgements of a moment into one transaction."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import Error as DatabaseError

from apps.notifications import states
from apps.notifications.states import Ack, AckResult
from apps.push import client_frames
from apps.realtime.database import Database, DatabaseUnavailable

if TYPE_CHECKING:
    from apps.realtime.connection import Connection

logger = logging.getLogger(__name__)

DELAY_SECONDS = 0.03
RETRY_SECONDS = 1.0
USERS_AT_ONCE = 100
RETRIED_USERS_LIMIT = 20_000


@dataclass
class _Pending:
    """What one user's clients said; by device, for the row names who was the first.

    up_to: the highest number, with the device that has stored everything up to it.
    """

    keys: dict[str, set[UUID]] = field(default_factory=dict)
    read_keys: dict[str, set[UUID]] = field(default_factory=dict)
    up_to: tuple[int, str] | None = None
    frames: "list[tuple[Connection, client_frames.Ack]]" = field(default_factory=list)

    def add(self, connection: "Connection", ack: client_frames.Ack) -> None:
        device = connection.device
        if ack.up_to is not None and (self.up_to is None or ack.up_to > self.up_to[0]):
            self.up_to = ack.up_to, device
        if ack.keys:
            keys = self.read_keys if ack.read else self.keys
            keys.setdefault(device, set()).update(ack.keys)
        self.frames.append((connection, ack))

    def merge(self, other: "_Pending") -> None:
        for connection, ack in other.frames:
            self.add(connection, ack)

    def requests(self, user_id: int) -> list[Ack]:
        found = [
            Ack(user_id, frozenset(keys), device=device)
            for device, keys in self.keys.items()
        ]
        if self.up_to is not None:
            number, device = self.up_to
            found.append(Ack(user_id, up_to=number, device=device))
        found += [
            Ack(user_id, frozenset(keys), read=True, device=device)
            for device, keys in self.read_keys.items()
        ]
        return found

    def answer(self, unknown: set[UUID]) -> None:
        for connection, ack in self.frames:
            if ack.keys & unknown:
                connection.refuse_keys(ack.ref)


class Acknowledger:
    """Takes acknowledgements of all connections and writes them in batches.

    What cannot be written is kept and tried again: the sockets go on meanwhile.
    """

    def __init__(self, database: Database) -> None:
        """Start idle."""
        self._database = database
        self._pending: dict[int, _Pending] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, connection: "Connection", ack: client_frames.Ack) -> None:
        """Write an acknowledgement soon."""
        pending = self._pending.setdefault(connection.user_id, _Pending())
        pending.add(connection, ack)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        while self._pending:
            await asyncio.sleep(DELAY_SECONDS)
            user_ids = list(self._pending)[:USERS_AT_ONCE]
            batch = {user_id: self._pending.pop(user_id) for user_id in user_ids}
            try:
                results = await self._database.run(_write, batch)
            except (DatabaseUnavailable, DatabaseError) as error:
                logger.warning(
                    "acknowledging failed", extra={"error": str(type(error))}
                )
                self._put_back(batch)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                _answer(batch, results)

    def _put_back(self, batch: dict[int, _Pending]) -> None:
        for user_id, pending in batch.items():
            newer = self._pending.pop(user_id, None)
            if newer is not None:
                pending.merge(newer)
            if len(self._pending) < RETRIED_USERS_LIMIT:
                self._pending[user_id] = pending


def _write(batch: dict[int, _Pending]) -> list[AckResult]:
    return states.acknowledge(
        [
            ack
            for user_id, pending in batch.items()
            for ack in pending.requests(user_id)
        ],
    )


def _answer(batch: dict[int, _Pending], results: list[AckResult]) -> None:
    unknown: dict[int, set[UUID]] = {}
    for result in results:
        unknown.setdefault(result.user_id, set()).update(result.unknown)
    for user_id, keys in unknown.items():
        if keys:
            batch[user_id].answer(keys)
