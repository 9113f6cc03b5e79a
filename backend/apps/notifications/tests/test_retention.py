"""What ends rows, and what says so to clients."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from apps.accounts.models import User
from apps.common import clock
from apps.common.models import IdempotentAnswer
from apps.notifications import retention, selectors, services, tasks
from apps.notifications.models import Broadcast, Notification
from apps.notifications.services import Ack
from apps.notifications.tests.builders import a_broadcast

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(ann: User) -> list[Notification]:
    """Send six: 1 and 2 acknowledged."""
    sent = [services.notify(recipient=ann, payload=n) for n in range(6)]
    services.acknowledge([Ack(ann.pk, up_to=2)])
    return sent


def left() -> list[int]:
    """Return the numbers that are still there."""
    rows = Notification.objects.order_by("seq")
    return [seq or 0 for seq in rows.values_list("seq", flat=True)]


def test_acknowledged_rows_go_after_30_days(
    ann: User, rows: list[Notification]
) -> None:
    now = clock.now()

    assert services.prune(now + timedelta(days=29)) == 0
    assert services.prune(now + timedelta(days=31)) == 2
    assert left() == [3, 4, 5, 6]
    assert selectors.position(ann.pk).pruned_to == 2


def test_unacknowledged_rows_go_after_90_days(
    ann: User,
    rows: list[Notification],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)

    assert services.prune(clock.now() + timedelta(days=91)) == 6
    assert left() == []
    position = selectors.position(ann.pk)
    assert (position.last_seq, position.pruned_to) == (6, 6)


def test_numbers_go_on_where_they_were_after_pruning(
    ann: User,
    rows: list[Notification],
) -> None:
    services.prune(clock.now() + timedelta(days=91))

    assert services.notify(recipient=ann, payload={}).seq == 7


def test_finished_broadcasts_go_with_the_last_of_their_rows(ann: User) -> None:
    row = a_broadcast(status="done")
    unfinished = a_broadcast()

    services.prune(row.created_at + timedelta(days=91))

    assert list(Broadcast.objects.all()) == [unfinished]


def test_the_command_prunes_answers_too(capsys: pytest.CaptureFixture[str]) -> None:
    old = clock.now() - timedelta(hours=73)
    for key, created_at in (("old", old), ("new", clock.now())):
        IdempotentAnswer.objects.create(
            caller="user:1",
            key=key,
            body_hash="",
            status_code=200,
            body="{}",
            created_at=created_at,
        )

    call_command("prune")

    assert [each.key for each in IdempotentAnswer.objects.all()] == ["new"]
    assert "0 notifications and 1 stored answers" in capsys.readouterr().out


def test_the_nightly_task_prunes(rows: list[Notification]) -> None:
    old = clock.now() - timedelta(days=31)
    Notification.objects.filter(seq=1).update(acked_at=old)

    tasks.prune()

    assert left() == [2, 3, 4, 5, 6]


def test_the_sweep_expires(rows: list[Notification]) -> None:
    Notification.objects.filter(seq=1).update(expires_at=clock.now())

    tasks.expire()

    assert Notification.objects.get(seq=1).expired_at is not None


def test_the_command_draws_a_new_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    before = selectors.epoch()

    call_command("bump_epoch")

    assert selectors.epoch() != before
    assert selectors.epoch() in capsys.readouterr().out
