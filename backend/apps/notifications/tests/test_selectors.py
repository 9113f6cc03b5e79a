"""What the socket reads: positions, frames, and what is outstanding."""

import json
from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import selectors, services
from apps.notifications.models import Notification, StreamEpoch
from apps.notifications.selectors import Position, Range
from apps.notifications.services import Ack
from apps.notifications.tests.builders import a_user

pytestmark = pytest.mark.django_db


def send(user: User, count: int) -> list[Notification]:
    """Send a few."""
    return [services.notify(recipient=user, payload=n) for n in range(count)]


def outgoing(
    user: User, *, after: int = 0, up_to: int = 99, limit: int = 99
) -> list[int]:
    """Return the numbers of what is sent live."""
    found = selectors.outgoing(
        user.pk,
        after=after,
        up_to=up_to,
        limit=limit,
        unacknowledged_only=False,
        replay=False,
    )
    return [each.seq for each in found]


def test_the_first_reader_draws_the_epoch() -> None:
    assert not StreamEpoch.objects.exists()

    epoch = selectors.epoch()

    assert epoch.startswith("e_")
    assert len(epoch) == 10
    assert selectors.epoch() == epoch


def test_bumping_draws_another_epoch_once() -> None:
    first = selectors.epoch()

    second = services.bump_epoch(seen=first)

    assert second != first
    assert services.bump_epoch(seen=first) == second
    assert services.bump_epoch() != second


def test_a_user_without_a_stream_is_at_zero(ann: User) -> None:
    assert selectors.position(ann.pk) == Position(selectors.epoch(), 0, 0, 0)


def test_a_position_is_one_query(
    ann: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    [row] = send(ann, 1)
    services.mark_read(ann.pk, [row.key])
    epoch = selectors.epoch()

    with django_assert_num_queries(1):
        position = selectors.position(ann.pk)

    assert position == Position(epoch, 1, 1, 0)


def test_positions_of_many_are_one_query_beside_the_epoch(
    ann: User,
    bob: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    send(ann, 2)
    send(bob, 1)
    selectors.epoch()

    with django_assert_num_queries(2):
        found = selectors.positions([ann.pk, bob.pk, 987654])

    assert {user_id: each.last_seq for user_id, each in found.items()} == {
        ann.pk: 2,
        bob.pk: 1,
    }


def test_outgoing_is_a_range_in_order(ann: User, bob: User) -> None:
    send(ann, 5)
    send(bob, 5)

    assert outgoing(ann, after=1, up_to=4) == [2, 3, 4]
    assert outgoing(ann, limit=2) == [1, 2]


def test_a_frame_carries_the_payload_to_the_letter(ann: User) -> None:
    services.notify_many([services.Draft(ann.pk, payload_text='{"b":1.0, "a":2}')])

    [found] = selectors.outgoing(
        ann.pk, after=0, up_to=1, limit=1, unacknowledged_only=True, replay=True
    )

    assert '"value":{"b":1.0, "a":2}' in found.frame
    assert json.loads(found.frame)["replay"] is True


def test_what_is_gone_is_never_sent(ann: User) -> None:
    rows = send(ann, 5)
    services.archive(ann.pk, [rows[0].key])
    services.withdraw([rows[1].key])
    Notification.objects.filter(seq=3).update(expires_at=clock.now())
    Notification.objects.filter(seq=4).update(expired_at=clock.now())

    assert outgoing(ann) == [5]


def test_d04_the_acknowledged_are_left_out_of_a_replay_only(ann: User) -> None:
    send(ann, 3)
    services.acknowledge([Ack(ann.pk, up_to=2)])

    replayed = selectors.outgoing(
        ann.pk, after=0, up_to=3, limit=9, unacknowledged_only=True, replay=True
    )

    assert [each.seq for each in replayed] == [3]
    assert outgoing(ann) == [1, 2, 3]


def test_outgoing_for_many_users_is_one_query(
    ann: User,
    bob: User,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    send(ann, 5)
    send(bob, 5)
    nobody = a_user()
    ranges = [Range(ann.pk, 1, 5), Range(bob.pk, 3, 4), Range(nobody.pk, 0, 9)]

    with django_assert_num_queries(1):
        found = selectors.outgoing_many(ranges, limit_each=3)

    numbers = {user_id: [each.seq for each in rows] for user_id, rows in found.items()}
    assert numbers == {ann.pk: [2, 3, 4], bob.pk: [4], nobody.pk: []}


def test_200_ranges_fit_one_query() -> None:
    ranges = [Range(user_id, 0, 10) for user_id in range(1, 201)]

    assert len(selectors.outgoing_many(ranges, limit_each=5)) == 200


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(10, (1, False)), (3, (1, False)), (2, (3, True)), (1, (4, True))],
)
def test_a_replay_starts_below_the_newest_unacknowledged(
    *,
    ann: User,
    limit: int,
    expected: tuple[int, bool],
) -> None:
    rows = send(ann, 5)
    acknowledged = frozenset({rows[0].key, rows[2].key})
    services.acknowledge([Ack(ann.pk, acknowledged)])

    beginning = selectors.beginnings([ann.pk], limit=limit)[ann.pk]
    assert (beginning.replay_after, beginning.is_truncated) == expected


def test_with_nothing_to_replay_the_cursor_is_at_the_end(ann: User) -> None:
    send(ann, 2)
    services.acknowledge([Ack(ann.pk, up_to=2)])

    beginning = selectors.beginnings([ann.pk], limit=9)[ann.pk]
    assert (beginning.replay_after, beginning.is_truncated) == (2, False)


def test_the_beginnings_of_many_are_read_together(
    ann: User,
    bob: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    send(ann, 3)
    services.mark_read(ann.pk, [send(ann, 1)[0].key])
    selectors.epoch()

    with django_assert_max_num_queries(2):
        found = selectors.beginnings([ann.pk, bob.pk], limit=5)

    assert found[ann.pk].head == selectors.head(ann.pk)
    assert found[ann.pk].head.unread == 3
    assert found[ann.pk].replay_after == 0
    assert found[bob.pk].head == selectors.head(bob.pk)
    assert found[bob.pk].replay_after == 0


def test_what_is_still_outstanding(ann: User) -> None:
    rows = send(ann, 5)
    services.acknowledge([Ack(ann.pk, frozenset({rows[0].key}))])
    services.archive(ann.pk, [rows[1].key])
    services.withdraw([rows[2].key])
    Notification.objects.filter(seq=4).update(expires_at=clock.now())

    assert selectors.still_outstanding(ann.pk, {1, 2, 3, 4, 5, 9}) == {5}


def test_expired_ones_are_not_unread_before_the_sweep(ann: User) -> None:
    send(ann, 2)
    past = clock.now() - timedelta(seconds=1)
    Notification.objects.filter(seq=1).update(expires_at=past)

    assert selectors.unread_count(ann.pk) == 1
    assert selectors.head(ann.pk).unread == 1
    assert selectors.counts(ann.pk).unread == 1
