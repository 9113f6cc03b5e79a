"""What the socket asks of mailings, and that a pause holds in time."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.admission import Standing, standing_of, standings
from apps.accounts.models import User
from apps.common import clock
from apps.delivery.gateway import Answer
from apps.mailings import engine, live, services
from apps.mailings.audit import Author
from apps.mailings.engine import Engine
from apps.mailings.models import SendingStatus
from apps.mailings.tests.builders import (
    SENT,
    FakeGateway,
    a_client,
    a_mailing,
    a_user,
    an_operator,
    statuses,
    written,
)
from apps.mailings.tests.conftest import Shared

pytestmark = pytest.mark.django_db
BY = Author(None, "test")


def seen_by(user: User) -> Standing:
    """Look at a user as the socket does."""
    return standings([user.pk])[user.pk]


def test_operators_are_given_the_mailings_that_run_and_others_nothing() -> None:
    operator, other = an_operator(), a_user()
    mailing = a_mailing()

    frame = json.loads(live.snapshot(seen_by(operator)) or "")

    assert frame["type"] == "mailings"
    assert [each["mailing"] for each in frame["mailings"]] == [mailing.pk]
    assert live.snapshot(seen_by(other)) is None
    assert live.may_hear(seen_by(operator))
    assert not live.may_hear(seen_by(other))


def test_an_author_who_is_no_operator_follows_their_own() -> None:
    author = a_user()
    mine, foreign = a_mailing(by=author), a_mailing()

    frame = json.loads(live.snapshot(seen_by(author)) or "")

    assert [each["mailing"] for each in frame["mailings"]] == [mine.pk]
    assert live.may_watch(seen_by(author), mine.pk)
    assert not live.may_watch(seen_by(author), foreign.pk)
    assert not live.may_watch(seen_by(author), 424_242)


def test_becoming_an_operator_changes_the_standing() -> None:
    user = an_operator()
    before = seen_by(user)

    user.groups.clear()

    assert before.is_operator
    assert seen_by(user).fingerprint != before.fingerprint
    assert not standing_of(user).is_operator


def test_b25_what_is_watched_is_read_in_three_queries(
    django_assert_num_queries: Any,
) -> None:
    ids = [a_mailing().pk for _ in range(5)]

    with django_assert_num_queries(3):
        found = live.frames(ids)

    assert sorted(found) == sorted(ids)
    assert json.loads(found[ids[0]])["status"] == "running"


def test_b25_those_who_may_read_mailings_hear_of_a_pause(
    published: list[tuple[str, dict[str, Any]]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    author = a_user()
    mailing = a_mailing(by=author)

    with django_capture_on_commit_callbacks(execute=True):
        services.pause(mailing.pk, by=BY)

    told = {group: frame["status"] for group, frame in published}
    assert told == {
        f"mailing.{mailing.pk}": "paused",
        "mailings": "paused",
        f"user.{author.pk}": "paused",
    }


class SlowGateway(FakeGateway):
    """Takes a while, so that a mailing lasts."""

    async def send(self, **message: Any) -> Answer:
        """Take a message after a moment."""
        await asyncio.sleep(0.02)
        return await super().send(**message)


def test_b26_a_pause_holds_within_two_seconds(settings: Any) -> None:
    settings.SMS_GATEWAY_CONCURRENCY = 2
    for _ in range(400):
        a_client()
    mailing = a_mailing()
    written(mailing)
    asked = 0

    def pause() -> None:
        nonlocal asked
        asked += 1
        if asked == 20:
            services.pause(mailing.pk, by=BY)

    database: Any = Shared()
    gateway = SlowGateway([SENT], before=pause, database=database)
    asyncio.run(Engine(sender=gateway, database=database, seconds=20).run())

    # Two at a time take 20 ms: so many go in two seconds of a machine at its best.
    assert asked - 20 < 200
    assert SendingStatus.PLANNED in statuses(mailing)
    assert SendingStatus.SENDING not in statuses(mailing)


def test_a_loop_that_cannot_see_writes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "BLIND_SECONDS", -1.0)
    monkeypatch.setattr(engine, "IDLE_SECONDS", 0.0)
    a_client()
    mailing = a_mailing()
    written(mailing)
    database: Any = Shared()
    gateway = FakeGateway(database=database)

    asyncio.run(Engine(sender=gateway, database=database, seconds=0.5).run())

    assert gateway.received == []
    assert statuses(mailing) == [SendingStatus.PLANNED]


def test_a_step_of_the_wall_clock_changes_nothing(moment: Any) -> None:
    clock.synchronize()
    before = clock.now()

    moment.shift(timedelta(hours=1))

    assert abs(clock.now() - before) < timedelta(minutes=1)
