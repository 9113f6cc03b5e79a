"""The sockets of one process: who is connected, what reaches them, what is due.

One subscription per process and group, one poll per process; a frame is encoded once
and queued for every socket that it concerns.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseError

from apps.accounts import admission
from apps.accounts.admission import Admission, Asked, NotAdmitted
from apps.push import client_frames, groups, protocol, registry
from apps.push.client_frames import BadFrame
from apps.push.hints import Hint, PersonalHint
from apps.push.metrics import HINTS_DROPPED
from apps.push.redis_layer import LAYER_ERRORS
from apps.push.registry import Mark
from apps.realtime import data_version, greeting, looking
from apps.realtime.acknowledging import Acknowledger
from apps.realtime.connection import Connection
from apps.realtime.database import Database, DatabaseUnavailable
from apps.realtime.greeting import Newcomer
from apps.realtime.membership import Membership
from apps.realtime.metrics import FRAMES_SENT, SOCKETS
from apps.realtime.poll import Poll
from apps.realtime.reading import Reader
from apps.realtime.together import Together

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25
DATA_VERSION_SECONDS = 0.2
RESTART_SECONDS = 1.0
LOOK_SOON_SECONDS = 0.6
RESYNC_AT_ONCE = 200
HINTS_PER_TURN = 16


class Hub:
    """Everything that the connections of one event loop share."""

    def __init__(self, database: Database | None = None) -> None:
        """Start without connections; `start` sets it to work."""
        self.database = database or Database()
        self.reader = Reader(self.database)
        self.acknowledger = Acknowledger(self.database)
        self._admissions = Together(self.database, admission.admit)
        self._greetings = Together(self.database, greeting.read)
        self.is_draining = False
        self.frames_sent = 0
        self._membership = Membership(get_channel_layer())
        self._poll = Poll(self)
        self._poll_now = asyncio.Event()
        self._look_timer: asyncio.TimerHandle | None = None
        self._connections: dict[Connection, None] = {}
        self._by_user: dict[int, list[Connection]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Listen, poll and tick until the loop ends."""
        self._keep_running(self._listen)
        self._keep_running(self._membership.reconcile)
        self._keep_running(self._poll_regularly)
        self._keep_running(self._tick_regularly)
        if settings.DATABASE_IS_SQLITE:
            self._keep_running(self._watch_data_version)

    @property
    def is_full(self) -> bool:
        """Say whether no further socket is taken."""
        too_many = len(self._connections) >= settings.WS_CONNECTIONS_PER_PROCESS
        return self.is_draining or too_many

    def admitted(self) -> list[Connection]:
        """Return the connections whose user is known and which are not closing."""
        return [
            connection
            for connection in self._connections
            if connection.is_admitted and not connection.outbox.is_closed
        ]

    def has(self, connection: Connection) -> bool:
        """Say whether a socket is still there; it may go while something is awaited."""
        return connection in self._connections

    # Coming and going.

    def add(self, connection: Connection) -> None:
        """Count a socket that was accepted."""
        self._connections[connection] = None
        SOCKETS.set(len(self._connections))

    def remove(self, connection: Connection) -> None:
        """Forget a socket that is gone."""
        self._connections.pop(connection, None)
        SOCKETS.set(len(self._connections))
        self._membership.leave(connection, set(connection.groups))
        if connection.is_admitted:
            mine = self._by_user.get(connection.user_id, [])
            if connection in mine:
                mine.remove(connection)
            if not mine:
                self._by_user.pop(connection.user_id, None)

    def authenticate(
        self,
        connection: Connection,
        asked: Asked,
    ) -> None:
        """Let the user of a credential in, then greet; answers by frames."""
        connection.is_authenticating = True
        self._spawn(self._authenticate(connection, asked))

    def reauthenticate(self, connection: Connection, token: str) -> None:
        """Take an `auth` frame: the first credential, or a fresh one."""
        if connection.is_admitted:
            self._spawn(self._extend(connection, token))
        else:
            asked = Asked(token, may_be_ticket=True, may_be_token=True)
            self.authenticate(connection, asked)

    async def _authenticate(
        self,
        connection: Connection,
        asked: Asked,
    ) -> None:
        admitted = await self._admission(connection, asked)
        if admitted is None or not self.has(connection):
            return
        expected = connection.expected_user_id
        if expected is not None and expected != admitted.standing.user_id:
            message = "This address belongs to another user."
            connection.end(protocol.CLOSE_FORBIDDEN, "forbidden", message)
            return
        connection.admit(admitted)
        self._register(connection)
        await self._membership.join(connection, connection.own_groups())
        await self._greet(connection)

    async def _admission(
        self,
        connection: Connection,
        asked: Asked,
    ) -> Admission | None:
        try:
            return await self._admissions.ask(asked)
        except NotAdmitted as error:
            code, name = protocol.CLOSE_UNAUTHENTICATED, "unauthenticated"
            connection.end(code, name, str(error))
        except (DatabaseUnavailable, DatabaseError) as error:
            self._end_unavailable(connection, error)
        return None

    async def _extend(self, connection: Connection, token: str) -> None:
        asked = Asked(token, may_be_ticket=True, may_be_token=True)
        admitted = await self._admission(connection, asked)
        if admitted is None or not self.has(connection):
            return
        if admitted.standing.user_id != connection.user_id:
            message = "This credential belongs to another user."
            connection.end(protocol.CLOSE_FORBIDDEN, "forbidden", message)
            return
        connection.extend(admitted)

    def _register(self, connection: Connection) -> None:
        mine = self._by_user.setdefault(connection.user_id, [])
        mine.append(connection)
        if len(mine) > settings.WS_CONNECTIONS_PER_USER:
            oldest = mine.pop(0)
            text = "Too many connections of this user; the oldest was closed."
            oldest.end(protocol.CLOSE_REPLACED, "replaced", text)

    async def _greet(self, connection: Connection) -> None:
        try:
            newcomer = Newcomer(connection.standing, connection.resume)
            found = await self._greetings.ask(newcomer)
        except (DatabaseUnavailable, DatabaseError) as error:
            self._end_unavailable(connection, error)
            return
        connection.greet(found)

    def _end_unavailable(self, connection: Connection, error: Exception) -> None:
        logger.warning("no database for a new socket", extra={"error": repr(error)})
        text = "The service is not available just now."
        connection.end(protocol.CLOSE_UNAVAILABLE, "unavailable", text)

    async def regroup(self, connection: Connection) -> None:
        """Make a connection's groups fit its user's present standing.

        Raises: DatabaseUnavailable or a database's error, with only the watched ones
        still to be looked at.
        """
        watching = {groups.mailing(each) for each in connection.watched}
        wanted = connection.own_groups() | watching
        self._membership.leave(connection, connection.groups - wanted)
        await self._membership.join(connection, wanted - connection.groups)
        domain = registry.watchable()
        if domain is None:
            return
        for mailing in list(connection.watched):
            may = await self.database.run(
                domain.may_watch, connection.standing, mailing
            )
            if not may and mailing in connection.watched:
                connection.watched.discard(mailing)
                self._membership.leave(connection, {groups.mailing(mailing)})
                connection.send(protocol.watch_result(mailing, ok=False))

    # What the sockets ask for.

    def watch(self, connection: Connection, watch: client_frames.Watch) -> None:
        """Begin or end to send a mailing's progress."""
        if not connection.is_admitted:
            code = "bad_frame"
            raise BadFrame(code, "Nothing can be watched yet.", ref=watch.ref)
        if watch.begin:
            self._spawn(self._begin_watch(connection, watch.mailing))
        else:
            connection.watched.discard(watch.mailing)
            self._membership.leave(connection, {groups.mailing(watch.mailing)})

    async def _begin_watch(self, connection: Connection, mailing: int) -> None:
        domain = registry.watchable()
        progress: dict[int, str] = {}
        allowed = False
        try:
            if domain is not None:
                allowed = await self.database.run(
                    domain.may_watch,
                    connection.standing,
                    mailing,
                )
            if allowed and domain is not None and self.has(connection):
                connection.watched.add(mailing)
                await self._membership.join(connection, {groups.mailing(mailing)})
                progress = await self.database.run(domain.progress, [mailing])
        except (DatabaseUnavailable, DatabaseError):
            allowed = False
        connection.send(protocol.watch_result(mailing, ok=allowed))
        if mailing in progress:
            connection.send(progress[mailing])

    def send_progress(self, mailing: int, frame: str) -> None:
        """Send a progress frame to those who watch."""
        for connection in self._membership.members(groups.mailing(mailing)):
            connection.send(frame)

    # What arrives.

    async def _listen(self) -> None:
        try:
            while True:
                for hint in await self._membership.receive(HINTS_PER_TURN):
                    self._dispatch(hint)
                # What waits already is received without a pause; others want a turn.
                await asyncio.sleep(0)
        finally:
            self._membership.forget_channel()

    def _dispatch(self, hint: Hint) -> None:
        try:
            if hint["type"] == "recheck":
                self._poll_now.set()
                return
            if hint["type"] == "personal":
                self._spawn(self._tell_personally(hint))
                return
            for connection in self._membership.members(hint["group"]):
                connection.handle_hint(hint)
        except (KeyError, TypeError, AttributeError):
            # Another program may write to our Redis; what is not a hint is not ours.
            HINTS_DROPPED.labels("not a hint").inc()

    async def _tell_personally(self, hint: PersonalHint) -> None:
        name, version = hint["snapshot"], hint["version"]
        snapshot = registry.snapshot(name)
        members = self._membership.members(hint["group"])
        users = sorted({each.user_id for each in members if each.is_greeted})
        if snapshot is None or snapshot.personal is None or not users:
            return
        mark = Mark(hint["subject"], version=version, mark=hint["mark"])
        # Where this fails nobody has heard it, and the poll finds that out.
        with contextlib.suppress(DatabaseUnavailable, DatabaseError):
            frames = await self.database.run(snapshot.personal, mark, users)
            for connection in members:
                if self.has(connection):
                    connection.hear(name, version, frames.get(connection.user_id))

    def look_soon(self) -> None:
        """Look again in a moment, when a hint on its way must have come."""
        if self._look_timer is None:
            loop = asyncio.get_running_loop()
            self._look_timer = loop.call_later(LOOK_SOON_SECONDS, self._look_now)

    def _look_now(self) -> None:
        self._look_timer = None
        self._poll_now.set()

    async def _poll_regularly(self) -> None:
        while True:
            spread = random.uniform(0.8, 1.2)  # noqa: S311  (spreads the processes' polls)
            try:
                async with asyncio.timeout(settings.WS_POLL_SECONDS * spread):
                    await self._poll_now.wait()
            except TimeoutError:
                self._membership.retry()
            self._poll_now.clear()
            await self._poll.look()

    async def _watch_data_version(self) -> None:
        watch = data_version.Watch()
        while True:
            await asyncio.sleep(DATA_VERSION_SECONDS)
            if watch.has_changed():
                self._poll_now.set()

    async def _tick_regularly(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            FRAMES_SENT.inc(self.frames_sent)
            self.frames_sent = 0
            behind = [each for each in list(self._connections) if each.tick(now)]
            if behind:
                await self._resync(behind[:RESYNC_AT_ONCE])

    async def _resync(self, connections: list[Connection]) -> None:
        asked: dict[int, set[int]] = {}
        for connection in connections:
            asked.setdefault(connection.user_id, set()).update(connection.in_flight())
        try:
            found = await self.database.run(looking.outstanding, asked)
        except (DatabaseUnavailable, DatabaseError):
            return
        for connection in connections:
            state_version, outstanding = found[connection.user_id]
            connection.resync(state_version, asked[connection.user_id] - outstanding)

    # The end.

    async def drain(self) -> None:
        """Tell every client that the server restarts, and wait a moment for them."""
        self.is_draining = True
        for connection in list(self._connections):
            connection.go_away()
        deadline = time.monotonic() + settings.WS_DRAIN_SECONDS
        while self._connections and time.monotonic() < deadline:  # noqa: ASYNC110  (bounded)
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.abort()

    def _keep_running(self, work: Callable[[], Awaitable[None]]) -> None:
        self._spawn(self._supervise(work))

    async def _supervise(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except LAYER_ERRORS as error:
                name = type(error).__name__
                logger.warning("channel layer unavailable", extra={"error": name})
            except Exception:
                logger.exception("a task of the hub ended; it starts again")
            await asyncio.sleep(RESTART_SECONDS)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        # The loop itself keeps only weak references to tasks.
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a task of the hub failed", exc_info=task.exception())


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub_of_this_loop() -> Hub:
    """Return the running loop's hub; the first caller starts it."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        for other in [each for each in _hubs if each.is_closed()]:
            del _hubs[other]
        _hubs[loop] = Hub(Database(has_own_connections=True))
        _hubs[loop].start()
    return _hubs[loop]
