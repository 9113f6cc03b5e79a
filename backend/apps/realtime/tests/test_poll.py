"""What a look at the database does to a connection that changes meanwhile."""

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest

from apps.accounts.admission import Admission, Credential, Standing
from apps.push import groups
from apps.realtime.connection import Connection
from apps.realtime.looking import Picture
from apps.realtime.poll import Poll

STANDING = Standing(
    user_id=1,
    fingerprint="before",
    login_fingerprint="password",
    is_active=True,
    team_id=None,
    counts_as_admin=False,
    is_staff=False,
    is_superuser=False,
)
CREDENTIAL = Credential("session", "cookie", None)


class Wire:
    """Stands in for the outbox."""

    def __init__(self) -> None:
        self.is_closed = False
        self.codes: list[str] = []

    def put(self, frame: str) -> None:
        self.codes.append(json.loads(frame).get("code", json.loads(frame)["type"]))

    def close(self, code: int, reason: str) -> None:
        self.is_closed = True
        self.codes.append(str(code))


class Hub:
    """Stands in for the hub; `meanwhile` happens between question and answer."""

    def __init__(self) -> None:
        self.database = self
        self.wire = Wire()
        self.frames_sent = 0
        self.connection = Connection(hub=self, outbox=self.wire, abort=lambda: None)  # type: ignore[arg-type]
        self.connection.admit(Admission(STANDING, CREDENTIAL))
        self.standing = STANDING
        self.credentials = {CREDENTIAL}
        self.meanwhile: Callable[[], None] = lambda: None
        self.regrouped: list[set[str]] = []
        self.looks_soon = 0

    def admitted(self) -> list[Connection]:
        return [self.connection]

    def has(self, connection: Connection) -> bool:
        return connection is self.connection

    async def run(
        self,
        look: object,
        users: Collection[int],
        credentials: Collection[Credential],
        *_: object,
        since: dict[str, int],
    ) -> Picture:
        """Answer as the database stood when it was asked."""
        picture = Picture(
            epoch="",
            positions={},
            standings=dict.fromkeys(users, self.standing),
            credentials=self.credentials & set(credentials),
            versions={},
            since=since,
            changes={},
            progress={},
        )
        self.meanwhile()
        return picture

    async def regroup(self, connection: Connection) -> None:
        self.regrouped.append(connection.own_groups())

    def look_soon(self) -> None:
        self.looks_soon += 1


@pytest.fixture
def hub() -> Hub:
    """Make a hub with one connection."""
    return Hub()


def renew(hub: Hub, **changes: Any) -> None:
    """Begin the connection's session anew, with a login that the database has too."""
    credential = replace(CREDENTIAL, reference="another cookie")
    hub.standing = replace(hub.standing, **changes)
    hub.credentials = {credential}
    hub.connection.extend(Admission(hub.standing, credential))


def test_a_connection_whose_login_is_gone_ends(hub: Hub) -> None:
    hub.credentials = set()

    asyncio.run(Poll(hub).look())  # type: ignore[arg-type]

    assert hub.wire.codes == ["unauthenticated", "4401"]


def test_a_connection_that_is_renewed_meanwhile_stays(hub: Hub) -> None:
    hub.meanwhile = lambda: renew(
        hub, fingerprint="after", login_fingerprint="new password"
    )

    asyncio.run(Poll(hub).look())  # type: ignore[arg-type]

    assert hub.wire.codes == ["auth_ok"]
    assert hub.looks_soon == 1

    hub.meanwhile = lambda: None
    asyncio.run(Poll(hub).look())  # type: ignore[arg-type]

    assert hub.wire.codes == ["auth_ok"]
    assert hub.looks_soon == 1


def test_a_login_that_ends_meanwhile_is_found_by_the_next_look(hub: Hub) -> None:
    def renew_and_log_out() -> None:
        renew(hub)
        hub.credentials = set()

    hub.meanwhile = renew_and_log_out
    asyncio.run(Poll(hub).look())  # type: ignore[arg-type]
    hub.meanwhile = lambda: None
    asyncio.run(Poll(hub).look())  # type: ignore[arg-type]

    assert hub.wire.codes == ["auth_ok", "unauthenticated", "4401"]


def test_whoever_changed_teams_before_a_renewal_hears_the_new_team(hub: Hub) -> None:
    renew(hub, fingerprint="after", team_id=7)

    asyncio.run(Poll(hub).look())  # type: ignore[arg-type]

    [found] = hub.regrouped
    assert groups.team(7) in found
