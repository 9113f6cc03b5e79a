"""One socket: what it has shown its client, what the client says, when it ends."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings

from apps.accounts.admission import Admission, Credential, Standing
from apps.common import clock
from apps.notifications.selectors import Position
from apps.push import client_frames, groups, protocol, registry
from apps.push.client_frames import BadFrame, Resume
from apps.push.hints import FrameHint, Hint, NotificationHint, StateHint
from apps.realtime.cursor import Cursor, Read
from apps.realtime.greeting import Greeting
from apps.realtime.inbound import Inbound
from apps.realtime.metrics import SOCKETS_CLOSED
from apps.realtime.outbox import Outbox
from apps.realtime.reading import Answer
from apps.realtime.snapshot_versions import SnapshotVersions
from apps.realtime.window import Window

if TYPE_CHECKING:
    from apps.realtime.hub import Hub

logger = logging.getLogger(__name__)

HELD_HINTS_LIMIT = 1000
EXPIRY_NOTICE_SECONDS = 60
BEHIND_SECONDS = 1.0


class Connection:
    """A socket that was accepted; everything but `admit` runs without waiting."""

    def __init__(
        self, *, hub: "Hub", outbox: Outbox, abort: Callable[[], None]
    ) -> None:
        """Start without a user; `abort` ends the transport of a stuck client."""
        self.id = f"c_{uuid4().hex[:12]}"
        self.hub = hub
        self.outbox = outbox
        self.abort = abort
        self.resume: Resume | None = None
        self.resume_problem: BadFrame | None = None
        self.is_authenticating = False
        self.expected_user_id: int | None = None
        self.device = ""
        self.groups: set[str] = set()
        self.watched: set[int] = set()
        self.is_unsettled = False
        self.snapshots = SnapshotVersions()
        self.state_version = 0
        self.epoch = ""
        self._admission: Admission | None = None
        self._cursor: Cursor | None = None
        self._held: list[Hint] = []
        self._replay_ended = False
        self._behind_since: float | None = None
        self._blocked_since: float | None = None
        self._expires_at: datetime = clock.now()
        self._expires_monotonic = time.monotonic() + settings.WS_AUTH_SECONDS
        self._was_warned = False
        self._notice_seconds = 0.0
        self.inbound = Inbound(self)

    @property
    def is_admitted(self) -> bool:
        """Say whether its user is known."""
        return self._admission is not None

    @property
    def is_greeted(self) -> bool:
        """Say whether `hello` is out."""
        return self._cursor is not None

    @property
    def standing(self) -> Standing:
        """Return the standing of its user; only for an admitted connection."""
        assert self._admission is not None  # noqa: S101  (narrows the type)
        return self._admission.standing

    @property
    def credential(self) -> Credential:
        """Return what it was opened with; only for an admitted connection."""
        assert self._admission is not None  # noqa: S101  (narrows the type)
        return self._admission.credential

    @property
    def user_id(self) -> int:
        """Return the id of its user; only for an admitted connection."""
        return self.standing.user_id

    # What it sends.

    def send(self, frame: str) -> None:
        """Queue a frame."""
        self.hub.frames_sent += 1
        self.outbox.put(frame)

    def end(self, code: int, error_code: str, text: str) -> None:
        """Say why in an error frame, then close: some servers drop the close reason."""
        if self.outbox.is_closed:
            return
        SOCKETS_CLOSED.labels(str(code)).inc()
        self.outbox.put(protocol.error(error_code, text))
        self.outbox.close(code, error_code)

    def go_away(self) -> None:
        """Announce a restart and close."""
        delay = random.randint(500, 5000)  # noqa: S311  (spreads reconnects)
        self.outbox.put(protocol.going_away(delay))
        self.outbox.close(protocol.CLOSE_RESTART, "restart")

    def refuse_keys(self, ref: str) -> None:
        """Answer keys that are unknown, or somebody else's."""
        self.inbound.refuse(
            BadFrame("unknown_key", "One of the keys is not known.", ref=ref)
        )

    # How it begins.

    def admit(self, admission: Admission) -> None:
        """Take its user; its session begins."""
        self._admission = admission
        self._start_session()

    def extend(self, admission: Admission) -> None:
        """Take a fresh credential of the same user; its session begins anew.

        Whatever else is new of its user is left to the poll, which knows what follows.
        """
        standing = replace(
            self.standing,
            login_fingerprint=admission.standing.login_fingerprint,
        )
        self._admission = Admission(standing, admission.credential)
        self._start_session()
        self.send(protocol.auth_ok(self._expires_at))

    def set_standing(self, standing: Standing) -> None:
        """Take what the poll found out about its user.

        It is unsettled until its groups and its snapshots follow, however often the
        database fails meanwhile.
        """
        self._admission = Admission(standing, self.credential)
        self.is_unsettled = True

    def own_groups(self) -> set[str]:
        """Say which groups it belongs to by its user's standing."""
        found = {groups.EVERYONE, groups.user(self.user_id)}
        if self.standing.team_id is not None:
            found.add(groups.team(self.standing.team_id))
        domain = registry.watchable()
        if domain and domain.may_hear and domain.may_hear(self.standing):
            found.add(groups.MAILINGS)
        return found

    def greet(self, greeting: Greeting) -> None:
        """Send `hello` and the snapshots, then what was held, then begin the replay."""
        position = greeting.position
        self.epoch, self.state_version = position.epoch, position.state_version
        self.snapshots.restart(greeting.versions)
        self.send(self._hello(greeting))
        for frame in greeting.snapshots:
            self.send(frame)
        self._cursor = Cursor(
            seq=greeting.start,
            replay_to=position.last_seq,
            unacknowledged_only=not greeting.is_resumed,
            window=Window(frames=settings.WS_WINDOW, size=settings.WS_WINDOW_BYTES),
            send=self.send,
            has_room=self._has_room,
        )
        self.outbox.when_drained(self._advance)
        if self.resume_problem is not None:
            self.inbound.refuse(self.resume_problem)
        self._resync_if_resumed_old(position)
        held, self._held = self._held, []
        for hint in held:
            self.handle_hint(hint)
        self._advance()
        self.inbound.receive_early()

    def _resync_if_resumed_old(self, position: Position) -> None:
        if self.resume is None or self.resume.state_version is None:
            return
        if self.resume.state_version != position.state_version:
            self.send(protocol.resync())

    def _hello(self, greeting: Greeting) -> str:
        return protocol.hello(
            {
                "connection_id": self.id,
                "user_id": self.user_id,
                "epoch": greeting.position.epoch,
                "last_seq": greeting.position.last_seq,
                "state_version": greeting.position.state_version,
                "alerts_version": greeting.versions.get("alerts", 0),
                "resume_seq": greeting.start,
                "recovered": greeting.recovered,
                "replay_truncated": greeting.replay_truncated,
                "unread": greeting.unread,
                "ping_interval": settings.WS_PING_SECONDS,
                "session_expires_at": self._expires_at,
                "limits": {
                    "frame": settings.WS_FRAME_LIMIT,
                    "window": settings.WS_WINDOW,
                },
            },
            server_time=clock.now(),
        )

    def _start_session(self) -> None:
        now = clock.now()
        lifetime = timedelta(seconds=settings.WS_SESSION_SECONDS)
        self._expires_at = now + lifetime
        if self.credential.expires_at is not None:
            self._expires_at = min(self._expires_at, self.credential.expires_at)
        remaining = (self._expires_at - now).total_seconds()
        self._expires_monotonic = time.monotonic() + remaining
        self._was_warned = False
        self._notice_seconds = min(EXPIRY_NOTICE_SECONDS, remaining / 2)

    # What it is told.

    def handle_hint(self, hint: Hint) -> None:
        """Act on a hint, or hold it until the greeting is out."""
        if self._cursor is None:
            if len(self._held) < HELD_HINTS_LIMIT:
                self._held.append(hint)
        elif hint["type"] == "notification":
            self._on_notification(hint)
        elif hint["type"] == "state":
            self._on_state(hint)
        elif hint["type"] == "frame":
            self._on_frame(hint)

    def _on_notification(self, hint: NotificationHint) -> None:
        assert self._cursor is not None  # noqa: S101  (narrows the type)
        if hint["frame"] is None:
            self._cursor.note(hint["seq"])
        else:
            self._cursor.offer(hint["seq"], key=hint["key"], frame=hint["frame"])
        self._advance()

    def _on_state(self, hint: StateHint) -> None:
        assert self._cursor is not None  # noqa: S101  (narrows the type)
        if hint["state"] != "unread":
            self._cursor.release(hint["keys"], up_to=hint["up_to"])
        if hint["state_version"] == self.state_version + 1:
            self.state_version += 1
            self._behind_since = None
            self.send(hint["frame"])
        self._advance()

    def _on_frame(self, hint: FrameHint) -> None:
        name = hint["snapshot"]
        if name and not self.snapshots.hear(name, hint["version"]):
            return
        self.send(hint["frame"])
        snapshot = registry.snapshot(name) if hint["subject"] else None
        if snapshot is not None and snapshot.shown is not None:
            snapshot.shown(hint["subject"], self.user_id)

    def hear(self, name: str, version: int, frame: str | None) -> None:
        """Take a snapshot's version; the frame is None when it is not for its user."""
        is_new = self.is_greeted and self.snapshots.hear(name, version)
        if is_new and frame is not None:
            self.send(frame)

    def observe(self, position: Position) -> None:
        """Take the position that a poll found."""
        if self._cursor is None:
            return
        self._cursor.note(position.last_seq)
        if position.state_version > self.state_version and self._behind_since is None:
            self._behind_since = time.monotonic()
        self._advance()

    def resnapshot(self, frames: tuple[str, ...], versions: dict[str, int]) -> None:
        """Send the snapshots again: a change was missed, or the standing is another."""
        self.is_unsettled = False
        self.snapshots.restart(versions)
        for frame in frames:
            self.send(frame)

    def resync(self, state_version: int, settled: set[int]) -> None:
        """Tell the client to read its list; free the window of what is settled.

        settled: what was asked about and waits no more; what was sent since is not in
        it, and its acknowledgement is still to come.
        """
        self.state_version = max(self.state_version, state_version)
        self._behind_since = None
        self.send(protocol.resync())
        if self._cursor is not None:
            self._cursor.window.release_numbers(settled)
            self._advance()

    def in_flight(self) -> set[int]:
        """Return the numbers that are sent and not acknowledged."""
        return set(self._cursor.window.numbers()) if self._cursor else set()

    # What it reads.

    def next_read(self) -> Read | None:
        """Say what to read for it now."""
        if self._cursor is None or self.outbox.is_closed:
            return None
        return self._cursor.next_read()

    def take(self, answer: Answer) -> None:
        """Take the rows that were read for it."""
        if self._cursor is not None:
            self._cursor.take(answer.rows, up_to=answer.up_to, complete=answer.complete)
            self._advance()

    def read_failed(self) -> None:
        """Give the read up; the poll asks again."""
        if self._cursor is not None:
            self._cursor.fail()

    def _has_room(self) -> bool:
        return self.outbox.has_room

    def _advance(self) -> None:
        cursor = self._cursor
        if cursor is None or self.outbox.is_closed:
            return
        if not self._replay_ended and not cursor.is_replaying:
            self._replay_ended = True
            self.send(protocol.replay_end(cursor.seq))
        if not cursor.is_behind or cursor.window.is_open:
            self._blocked_since = None
        elif self._blocked_since is None:
            self._blocked_since = time.monotonic()
        if cursor.is_behind and cursor.may_send:
            self.hub.reader.ask(self)

    # What its client acknowledges.

    def is_in_flight(self, ack: client_frames.Ack) -> bool:
        """Say whether an acknowledgement is of something that waits for one."""
        if self._cursor is None:
            return False
        window = self._cursor.window
        if ack.up_to is not None:
            return any(number <= ack.up_to for number in window.numbers())
        return all(str(key) in window for key in ack.keys)

    def acknowledge(self, ack: client_frames.Ack) -> None:
        """Free the window at once; the database follows.

        Raises: BadFrame with code bad_position for a number that was not sent.
        """
        cursor = self._cursor
        assert cursor is not None  # noqa: S101  (frames before `hello` are held)
        if ack.up_to is None:
            cursor.window.release([str(key) for key in ack.keys])
        else:
            is_sent = 0 <= ack.up_to <= cursor.seq
            if not is_sent or ack.epoch not in (None, self.epoch):
                code, text = "bad_position", "`up_to` or `epoch` is not this stream's."
                raise BadFrame(code, text, ref=ack.ref)
            cursor.window.release_up_to(ack.up_to)
        self.hub.acknowledger.add(self, ack)
        self._advance()

    # What time brings.

    def tick(self, now: float) -> bool:
        """Act on what is due at the monotonic time `now`; say whether to resync it."""
        is_waiting = self.is_authenticating and not self.is_admitted
        if now >= self._expires_monotonic and not is_waiting:
            self._expire()
        elif self.is_admitted and not self._was_warned:
            self._warn(now)
        if self._blocked_since is not None:
            self._end_if_blocked(now)
        is_behind = self._behind_since is not None
        return is_behind and now - (self._behind_since or now) >= BEHIND_SECONDS

    def _expire(self) -> None:
        text = "The session has ended." if self.is_admitted else "No credential came."
        self.end(protocol.CLOSE_UNAUTHENTICATED, "unauthenticated", text)

    def _warn(self, now: float) -> None:
        remaining = self._expires_monotonic - now
        if remaining <= self._notice_seconds:
            self._was_warned = True
            self.send(protocol.session_expiring(max(1, round(remaining))))

    def _end_if_blocked(self, now: float) -> None:
        if now - (self._blocked_since or now) >= settings.WS_WINDOW_SECONDS:
            text = "Nothing was acknowledged for too long."
            self.end(protocol.CLOSE_TOO_SLOW, "too_slow", text)
