"""What the hub does to its connections when the database fails or things go on."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from apps.accounts.admission import Admission, Credential, Standing
from apps.notifications.selectors import Position
from apps.push import groups, registry
from apps.push.hints import NotificationHint
from apps.realtime import greeting, looking
from apps.realtime.connection import Connection
from apps.realtime.database import DatabaseUnavailable
from apps.realtime.greeting import Greeting
from apps.realtime.hub import Hub
from apps.realtime.looking import Picture
from apps.realtime.poll import Poll

STANDING = Standing(
    user_id=1,
    fingerprint="before",
    login_fingerprint="password",
    is_active=True,
    team_id=6,
    counts_as_admin=False,
    is_staff=False,
    is_superuser=False,
)
MOVED = replace(STANDING, fingerprint="after", team_id=7)
CREDENTIAL = Credential("session", "cookie", None)
MAILING = 5


class Wire:
    """Stands in for the outbox of a client that takes everything at once."""

    def __init__(self) -> None:
        self.is_closed = False
        self.has_room = True
        self.frames: list[dict[str, Any]] = []

    def put(self, frame: str) -> None:
        self.frames.append(json.loads(frame))

    def when_drained(self, drained: object) -> None:
        """Do nothing: nothing ever waits here."""

    def types(self) -> list[str]:
        return [frame["type"] for frame in self.frames]


class Answers:
    """Stands in for the database; what is in `failing` fails once.

    meanwhile: happens while somebody waits for an answer.
    """

    def __init__(self) -> None:
        self.standing = STANDING
        self.may_watch = True
        self.failing: list[object] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.outstanding: set[int] = set()

    async def run(self, function: object, *arguments: Any, **_: object) -> Any:
        self.meanwhile()
        if function in self.failing:
            self.failing.remove(function)
            raise DatabaseUnavailable
        if function is looking.outstanding:
            [asked] = arguments
            return dict.fromkeys(asked, (1, self.outstanding))
        if function is greeting.snapshots_of_many:
            return {self.standing.user_id: ('{"type":"alerts"}',)}
        return self._picture() if function is looking.look else self.may_watch

    def _picture(self) -> Picture:
        return Picture(
            epoch="e_1",
            positions={},
            standings={self.standing.user_id: self.standing},
            credentials={CREDENTIAL},
            versions={},
            since={},
            changes={},
            progress={},
        )


def greeted(hub: Hub, wire: Wire) -> Connection:
    connection = Connection(hub=hub, outbox=wire, abort=lambda: None)  # type: ignore[arg-type]
    connection.admit(Admission(STANDING, CREDENTIAL))
    hub.add(connection)
    connection.greet(
        Greeting(
            position=Position("e_1", 0, 0, 0),
            start=0,
            is_resumed=False,
            recovered=True,
            replay_truncated=False,
            unread=0,
            snapshots=(),
            versions={},
        )
    )
    return connection


def hint(seq: int) -> NotificationHint:
    frame = json.dumps({"type": "server_notification", "seq": seq})
    return {
        "type": "notification",
        "group": groups.user(1),
        "user": 1,
        "seq": seq,
        "key": f"key {seq}",
        "frame": frame,
    }


@pytest.fixture(autouse=True)
def _no_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no channel layer: nobody listens to one here."""
    monkeypatch.setattr("apps.realtime.membership.ADD_TIMEOUT_SECONDS", 0.001)


def a_hub(answers: Answers) -> Hub:
    hub = Hub()
    hub.database = answers  # type: ignore[assignment]
    return hub


def may_watch() -> object:
    domain = registry.watchable()
    assert domain is not None
    return domain.may_watch


@pytest.mark.parametrize("fails", ["may_watch", "snapshots"])
def test_who_changes_teams_is_shown_all_of_the_new_one_after_a_failure(
    fails: str,
) -> None:
    async def look_twice() -> tuple[set[str], Wire, Connection]:
        answers, wire = Answers(), Wire()
        hub = a_hub(answers)
        poll, connection = Poll(hub), greeted(hub, wire)
        connection.watched = {MAILING}
        await hub.regroup(connection)
        del wire.frames[:]
        answers.standing, answers.may_watch = MOVED, False
        failing = {"may_watch": may_watch(), "snapshots": greeting.snapshots_of_many}
        answers.failing = [failing[fails]]

        await poll.look()
        between = set(connection.groups)
        await poll.look()
        await poll.look()
        return between, wire, connection

    between, wire, connection = asyncio.run(look_twice())

    assert groups.team(6) not in between
    assert groups.team(7) in connection.groups
    assert connection.watched == set()
    assert groups.mailing(MAILING) not in connection.groups
    assert wire.types() == ["watch_result", "alerts"]


def test_what_is_sent_while_a_resync_looks_stays_in_flight() -> None:
    async def resync() -> tuple[Wire, set[int]]:
        answers, wire = Answers(), Wire()
        hub = a_hub(answers)
        connection = greeted(hub, wire)
        for seq in (1, 2):
            connection.handle_hint(hint(seq))
        answers.outstanding = {2}
        answers.meanwhile = lambda: connection.handle_hint(hint(3))
        await hub._resync([connection])
        return wire, connection.in_flight()

    wire, in_flight = asyncio.run(resync())

    assert wire.types()[-2:] == ["server_notification", "resync"]
    assert in_flight == {2, 3}
