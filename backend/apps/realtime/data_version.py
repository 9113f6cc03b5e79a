"""Notices commits of other connections on the embedded database.

SQLite raises `PRAGMA data_version` on one connection whenever another connection or
process commits (https://www.sqlite.org/pragma.html#pragma_data_version).
"""

import sqlite3

from django.conf import settings


class Watch:
    """Asks a connection of its own; a call costs microseconds and takes no lock."""

    def __init__(self) -> None:
        """Open the database read-only."""
        self._connection = sqlite3.connect(
            f"file:{settings.DATABASES['default']['NAME']}?mode=ro",
            uri=True,
            isolation_level=None,
        )
        self._version = self._read()

    def has_changed(self) -> bool:
        """Say whether somebody committed since the last call."""
        before, self._version = self._version, self._read()
        return self._version != before

    def _read(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)
