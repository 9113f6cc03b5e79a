"""Notifications that are stored already, to be published as fast as it goes."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from apps.push import protocol
from benchmarks.contenders import Carillon

PAYLOAD = '{"order":4711,"text":"Your order is on its way and arrives tomorrow."}'
_INSERT = """
INSERT INTO notifications_notification
    (key, recipient_id, seq, payload, title, body, severity, kind, url, source,
     request_id, created_at)
SELECT gen_random_uuid(), s.user_id, s.last_seq + n, %(payload)s, '', '', 'info',
       'message', '', 'benchmark', '', now()
FROM notifications_stream s, generate_series(1, %(each)s) n
RETURNING seq, recipient_id, key, created_at
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What the hint of a stored notification says."""

    person: int
    seq: int
    key: str
    frame: str


class Bank:
    """Rows whose commit is told to nobody yet.

    They are inserted as a send would insert them, but their stream's `last_seq` is
    raised at the end only: else the server's regular look into the database would
    deliver them before their hints do.
    """

    def __init__(self, contender: Carillon, *, each: int) -> None:
        """Insert so many rows for each person and encode their frames."""
        self._url = contender.environment["DATABASE_URL"]
        self._published: dict[int, int] = {}
        with psycopg.connect(self._url) as connection:
            values = {"payload": PAYLOAD, "each": each}
            rows = connection.execute(_INSERT, values).fetchall()
        self._rows = deque(_row(row) for row in sorted(rows, key=lambda row: row[:2]))

    @property
    def is_empty(self) -> bool:
        """Say whether there is none left."""
        return not self._rows

    def take(self) -> Row | None:
        """Take the next row, one person after the other."""
        if not self._rows:
            return None
        row = self._rows.popleft()
        self._published[row.person] = row.seq
        return row

    def close(self) -> None:
        """Let each stream end where the published rows end."""
        with psycopg.connect(self._url) as connection:
            connection.cursor().executemany(
                "UPDATE notifications_stream SET last_seq = %s WHERE user_id = %s",
                [(seq, person) for person, seq in self._published.items()],
            )
            connection.execute(
                "DELETE FROM notifications_notification n"
                " USING notifications_stream s"
                " WHERE s.user_id = n.recipient_id AND n.seq > s.last_seq",
            )


def _row(stored: tuple[int, int, UUID, datetime]) -> Row:
    seq, person, key, created_at = stored
    frame = protocol.server_notification(
        {
            "key": str(key),
            "seq": seq,
            "payload": PAYLOAD,
            "kind": "message",
            "title": "",
            "body": "",
            "severity": "info",
            "url": "",
            "created_at": created_at,
            "request_id": "",
            "replay": False,
        },
    )
    return Row(person, seq, str(key), frame)
