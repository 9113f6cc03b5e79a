"""Reads numbers for connections that are behind: many of them in one database call."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import Error as DatabaseError

from apps.notifications import selectors
from apps.notifications.selectors import Outgoing, Range
from apps.realtime.cursor import Read
from apps.realtime.database import Database, DatabaseUnavailable

if TYPE_CHECKING:
    from apps.realtime.connection import Connection

logger = logging.getLogger(__name__)

USERS_AT_ONCE = 200
JOBS_AT_ONCE = 2


@dataclass(frozen=True)
class Request:
    """One connection's read."""

    user_id: int
    read: Read


@dataclass(frozen=True)
class Answer:
    """The rows of one read; see `Cursor.take`."""

    rows: list[Outgoing]
    up_to: int
    complete: bool


def read_batch(requests: Sequence[Request]) -> list[Answer]:
    """Read for up to 200 connections; a plain function for a database thread."""
    live = [request for request in requests if request.read.replay_to is None]
    answers = _read_live(live) if live else {}
    return [
        answers[request] if request in answers else _read_replay(request)
        for request in requests
    ]


def _read_replay(request: Request) -> Answer:
    read = request.read
    up_to = read.replay_to or 0
    rows = selectors.outgoing(
        request.user_id,
        after=read.after,
        up_to=up_to,
        limit=read.limit,
        unacknowledged_only=read.unacknowledged_only,
        replay=True,
    )
    return Answer(rows, up_to, complete=len(rows) < read.limit)


def _read_live(requests: Sequence[Request]) -> dict[Request, Answer]:
    # The positions come first: a row above them would be read again (I3a).
    positions = selectors.positions([request.user_id for request in requests])
    lowest: dict[int, int] = {}
    for request in requests:
        after = request.read.after
        lowest[request.user_id] = min(after, lowest.get(request.user_id, after))
    limit = max(request.read.limit for request in requests)
    ranges = [
        Range(user_id, after, positions[user_id].last_seq)
        for user_id, after in lowest.items()
        if user_id in positions and positions[user_id].last_seq > after
    ]
    rows = selectors.outgoing_many(ranges, limit_each=limit) if ranges else {}
    return {
        request: _share(
            request.read,
            rows.get(request.user_id, []),
            up_to=(
                positions[request.user_id].last_seq
                if request.user_id in positions
                else request.read.after
            ),
            is_cut=len(rows.get(request.user_id, [])) >= limit,
        )
        for request in requests
    }


def _share(read: Read, rows: list[Outgoing], *, up_to: int, is_cut: bool) -> Answer:
    own = [row for row in rows if row.seq > read.after]
    return Answer(
        own[: read.limit],
        up_to,
        complete=not is_cut and len(own) <= read.limit,
    )


class Reader:
    """Collects the connections that are behind and reads for them together."""

    def __init__(self, database: Database) -> None:
        """Start idle."""
        self._database = database
        self._asking: dict[Connection, None] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._working = 0

    def ask(self, connection: "Connection") -> None:
        """Read for a connection soon; to ask twice is to ask once."""
        self._asking[connection] = None
        if self._working < JOBS_AT_ONCE:
            self._working += 1
            job = asyncio.get_running_loop().create_task(self._work())
            self._jobs.add(job)
            job.add_done_callback(self._jobs.discard)

    async def _work(self) -> None:
        # One turn of the loop lets everything that arrived together ask together.
        await asyncio.sleep(0)
        try:
            while self._asking:
                batch = self._next_batch()
                if batch:
                    await self._read(batch)
        finally:
            # In the step that found nothing to do: whoever asks next starts a job.
            self._working -= 1

    def _next_batch(self) -> "list[tuple[Connection, Request]]":
        batch: list[tuple[Connection, Request]] = []
        while self._asking and len(batch) < USERS_AT_ONCE:
            connection = next(iter(self._asking))
            del self._asking[connection]
            read = connection.next_read()
            if read is not None:
                batch.append((connection, Request(connection.user_id, read)))
        return batch

    async def _read(self, batch: "list[tuple[Connection, Request]]") -> None:
        try:
            answers = await self._database.run(
                read_batch,
                [request for _, request in batch],
            )
        except (DatabaseUnavailable, DatabaseError) as error:
            logger.warning("reading failed", extra={"error": type(error).__name__})
            for connection, _ in batch:
                connection.read_failed()
            return
        for (connection, _), answer in zip(batch, answers, strict=True):
            connection.take(answer)
