"""The wall clock of the host, and with it a database's, jumps by an hour."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.common import clock
from apps.delivery.gateway import Answer
from apps.mailings import claims, leases
from apps.mailings.models import EngineLease, Message, MessageAttempt, SendingStatus
from apps.mailings.tasks import run_chunks
from apps.mailings.tests.builders import (
    HOUR,
    FakeGateway,
    a_client,
    a_mailing,
    statuses,
    written,
)
from apps.mailings.tests.conftest import Send
from apps.mailings.tests.test_services import counted, stored

CLIENTS = 30
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_clock(
    moment: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[None]:
    """Let the database tell the time of this host, and know it."""
    settings.SMS_GATEWAY_CONCURRENCY = 3
    monkeypatch.setattr(clock, "_database_time", lambda: datetime.now(UTC))
    clock.synchronize()
    yield
    clock.forget()


@dataclass
class WatchedGateway(FakeGateway):
    """Keeps what the wall clock showed at every request."""

    at: list[datetime] = field(default_factory=list)

    async def send(self, **message: Any) -> Answer:
        """Take a message."""
        may_write = message.pop("may_write")

        def looked() -> bool:
            if not may_write():
                return False
            self.at.append(datetime.now(UTC))
            return True

        return await super().send(**message, may_write=looked)


def after(count: int, act: Callable[[], None]) -> Callable[[], None]:
    """Act once, while the message with this number is under way."""
    calls: list[int] = []

    def step() -> None:
        calls.append(1)
        if len(calls) == count:
            act()

    return step


def jumped(moment: Any, by: timedelta) -> None:
    """Put the clock and have everybody notice."""
    moment.shift(by)
    clock.synchronize()
    run_chunks(seconds=5)


def test_b21_nothing_leaves_after_the_end_by_a_wall_clock_that_jumped(
    send: Send, moment: Any
) -> None:
    for _ in range(CLIENTS):
        a_client()
    mailing = a_mailing(date_end=clock.now() + HOUR / 2)
    written(mailing)
    # Nobody has noticed: the clock of the database goes on as it did.
    gateway = WatchedGateway(before=after(10, lambda: moment.shift(HOUR)))

    send(gateway)
    run_chunks(seconds=5)

    assert 0 < len(gateway.received) < CLIENTS
    assert max(gateway.at) < mailing.date_end
    assert SendingStatus.EXPIRED not in statuses(mailing)

    moment.shift(-HOUR)
    gateway.before = lambda: None
    send(gateway)

    sent = [message_id for message_id, _, _ in gateway.received]
    assert statuses(mailing) == [SendingStatus.SENT] * CLIENTS
    assert len(sent) == len(set(sent)) == CLIENTS


@pytest.mark.parametrize("first", [HOUR, -HOUR])
def test_b26_jumps_there_and_back_lose_and_double_nothing(
    send: Send, moment: Any, first: timedelta
) -> None:
    for _ in range(CLIENTS):
        a_client()
    now = clock.now()
    mailing = a_mailing(date_start=now - 3 * HOUR, date_end=now + 24 * HOUR)
    written(mailing)
    gateway = WatchedGateway(before=after(5, lambda: jumped(moment, first)))

    send(gateway)
    jumped(moment, -first + timedelta(minutes=1))
    send(gateway)
    run_chunks(seconds=5)

    sent = [message_id for message_id, _, _ in gateway.received]
    assert statuses(mailing) == [SendingStatus.SENT] * CLIENTS
    assert len(sent) == len(set(sent)) == CLIENTS
    # Nobody took what another held.
    assert MessageAttempt.objects.count() == CLIENTS
    assert stored(mailing) == counted(mailing)
    mailing.refresh_from_db()
    assert mailing.status == "done"


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_b26_what_a_dead_sender_held_comes_back_in_time_after_a_jump(
    moment: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, jump: timedelta
) -> None:
    a_client()
    now = clock.now()
    mailing = a_mailing(date_start=now - 3 * HOUR, date_end=now + 24 * HOUR)
    written(mailing)
    claims.claim(1, [mailing.pk], lease=claims.lease(), now=clock.now())

    jumped(moment, jump)
    at_once = statuses(mailing)
    monkeypatch.setattr(clock, "is_steady", lambda _: True)
    moment.shift(claims.lease() + timedelta(minutes=1))
    clock.synchronize()
    run_chunks(seconds=5)

    assert at_once == [SendingStatus.SENDING]
    assert statuses(mailing) == [SendingStatus.RETRY]
    assert Message.objects.get().tries.get().code == "lost"


def test_a_place_that_was_taken_before_the_clock_was_put_back_is_free(
    moment: Any, settings: Any
) -> None:
    settings.MAILING_ENGINES = 1
    EngineLease.objects.create(
        place=0, holder="0" * 32, until=clock.now() + leases.LEASE
    )
    other = EngineLease.objects.get().holder
    assert leases.take(other, now=clock.now())

    newcomer = Message._meta.get_field("token").to_python("1" * 32)
    assert not leases.take(newcomer, now=clock.now())
    jumped(moment, -HOUR)

    assert leases.take(newcomer, now=clock.now())


def test_b25_progress_is_told_after_the_clock_was_put_back(
    send: Send,
    moment: Any,
    published: list[tuple[str, dict[str, Any]]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    a_client()
    now = clock.now()
    mailing = a_mailing(date_start=now - 3 * HOUR, date_end=now + HOUR)
    with django_capture_on_commit_callbacks(execute=True):
        written(mailing)
    published.clear()

    jumped(moment, -HOUR)
    with django_capture_on_commit_callbacks(execute=True):
        mailing.messages.update(next_attempt_at=clock.now())
        send(FakeGateway())

    watched = [frame for name, frame in published if name == f"mailing.{mailing.pk}"]
    assert [frame["sent"] for frame in watched] == [1]
