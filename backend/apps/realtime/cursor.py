"""The rule that loses and doubles nothing, for one connection; no input, no output.

A connection has a cursor: the last number it is done with. It sends number n exactly
when n is above the cursor, in order, and moves the cursor in the same step
(docs/protocol.md, I3 and I3a). Hints, polls and acknowledgements only say that there
may be something to do; what there is, is read from the database.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from apps.notifications.selectors import Outgoing
from apps.push.protocol import size
from apps.realtime.window import Window


@dataclass(frozen=True)
class Read:
    """What to read: the numbers above `after`, at most `limit` of them.

    replay_to: the end of the replay while it lasts, else None: then read up to the
    stream's `last_seq`, which must be taken before the rows.
    unacknowledged_only: the replay of a connection that came without a position.
    """

    after: int
    limit: int
    replay_to: int | None
    unacknowledged_only: bool


class Cursor:
    """Decides what one connection sends next."""

    def __init__(
        self,
        *,
        seq: int,
        replay_to: int,
        unacknowledged_only: bool,
        window: Window,
        send: Callable[[str], None],
        has_room: Callable[[], bool],
    ) -> None:
        """Start at `seq`; what lies up to `replay_to` is replay.

        has_room: says whether the socket's queue takes more; numbers wait for it in
        the database, not in memory.
        """
        self.seq = seq
        self.window = window
        self._replay_to = replay_to
        self._unacknowledged_only = unacknowledged_only
        self._send = send
        self._has_room = has_room
        self._wanted = replay_to
        self._wanted_when_reading = replay_to
        self._reading = False
        # What was acknowledged since the read under way began: it may bring these as
        # they were before, and nobody would free their places in the window again.
        self._released: set[str] = set()
        self._released_up_to = 0

    @property
    def is_replaying(self) -> bool:
        """Say whether the replay is still going on."""
        return self.seq < self._replay_to

    @property
    def may_send(self) -> bool:
        """Say whether one more frame may go."""
        return self.window.is_open and self._has_room()

    @property
    def is_behind(self) -> bool:
        """Say whether a number above the cursor is known."""
        return self._wanted > self.seq

    def note(self, seq: int) -> None:
        """Remember that numbers up to `seq` exist."""
        self._wanted = max(self._wanted, seq)

    def offer(self, seq: int, *, key: str, frame: str) -> bool:
        """Send a live frame at once if it is exactly the next number; else note it.

        Only with nothing being read, the replay over and the window open.
        """
        if seq <= self.seq:
            return False
        is_next = seq == self.seq + 1 and not self._reading and not self.is_replaying
        if not is_next or not self.may_send:
            self.note(seq)
            return False
        self._hand_over(seq, key=key, frame=frame)
        self.note(seq)
        return True

    def release(self, keys: Collection[str], *, up_to: int | None) -> None:
        """Free the places of what another connection's client has acknowledged."""
        self.window.release(keys)
        if up_to is not None:
            self.window.release_up_to(up_to)
        if self._reading:
            self._released.update(keys)
            self._released_up_to = max(self._released_up_to, up_to or 0)

    def next_read(self) -> Read | None:
        """Say what to read now, if anything; the answer goes to `take` or `fail`."""
        if self._reading or not self.is_behind or not self.may_send:
            return None
        self._reading = True
        self._released, self._released_up_to = set(), 0
        self._wanted_when_reading = self._wanted
        replaying = self.is_replaying
        return Read(
            after=self.seq,
            limit=self.window.free,
            replay_to=self._replay_to if replaying else None,
            unacknowledged_only=replaying and self._unacknowledged_only,
        )

    def take(self, rows: Sequence[Outgoing], *, up_to: int, complete: bool) -> None:
        """Send the rows of a read, in order, as far as the window lets them.

        up_to: the `last_seq` that was taken before the rows, or the end of the replay.
        complete: there are no further rows up to it.
        """
        self._reading = False
        for row in rows:
            if row.seq <= self.seq:
                continue
            if not self.may_send:
                return
            self._hand_over(row.seq, key=row.key, frame=row.frame)
            if row.key in self._released or row.seq <= self._released_up_to:
                self.window.release([row.key])
        if complete:
            self._finish(up_to)

    def fail(self) -> None:
        """Give a read up; the next poll asks again."""
        self._reading = False

    def _finish(self, up_to: int) -> None:
        was_replaying = self.is_replaying
        self.seq = max(self.seq, up_to)
        # A number that was hinted at before the read and that the read did not find
        # does not exist; without this a wrong hint would be looked for for ever.
        if not was_replaying and self._wanted == self._wanted_when_reading:
            self._wanted = min(self._wanted, max(self.seq, up_to))

    def _hand_over(self, seq: int, *, key: str, frame: str) -> None:
        self.window.add(key, seq=seq, size=size(frame))
        self._send(frame)
        self.seq = seq
