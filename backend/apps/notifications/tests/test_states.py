"""Acknowledged, read, archived, withdrawn, expired: once each, told after commit."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import selectors, services
from apps.notifications.models import Notification, Stream
from apps.notifications.services import Ack
from apps.notifications.tests.builders import a_user, many_done_with
from apps.notifications.tests.conftest import Published

pytestmark = pytest.mark.django_db


def send(user: User, count: int = 1) -> list[Notification]:
    """Send a few."""
    return [services.notify(recipient=user, payload=n) for n in range(count)]


def version(user: User) -> int:
    """Return the state version."""
    return selectors.position(user.pk).state_version


def acked(user: User) -> list[int]:
    """Return the acknowledged numbers."""
    rows = Notification.objects.filter(recipient=user, acked_at__isnull=False)
    return sorted(seq or 0 for seq in rows.values_list("seq", flat=True))


def test_d04_an_acknowledgement_is_told_to_all_tabs_after_the_commit(
    ann: User,
    published: Published,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rows = send(ann, 2)

    with django_capture_on_commit_callbacks(execute=True):
        services.acknowledge([Ack(ann.pk, frozenset({rows[0].key}))])
        assert published.states == []

    [hint] = published.states
    frame = json.loads(hint.pop("frame"))
    assert hint == {
        "user_id": ann.pk,
        "state_version": 1,
        "state": "acked",
        "keys": [str(rows[0].key)],
        "up_to": None,
    }
    assert frame["type"] == "notification_state"
    assert frame["unread"] == 2
    assert acked(ann) == [1]


def test_acknowledging_again_changes_and_tells_nothing(
    ann: User,
    published: Published,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    [row] = send(ann)
    ack = Ack(ann.pk, frozenset({row.key}))
    services.acknowledge([ack])

    with django_capture_on_commit_callbacks(execute=True):
        services.acknowledge([ack])

    assert version(ann) == 1
    assert published.states == []


def test_many_readers_acknowledge_in_one_statement(
    ann: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    readers = [a_user(f"reader-{number}") for number in range(5)]
    for reader in readers:
        send(reader, 3)
    send(ann, 3)
    acks = [Ack(reader.pk, up_to=2) for reader in readers[:4]]
    both = Ack(readers[4].pk, frozenset({send(readers[4])[0].key}), up_to=1)

    with django_assert_max_num_queries(9):
        services.acknowledge([*acks, both])

    assert [acked(reader) for reader in readers] == [[1, 2]] * 4 + [[1, 4]]
    assert [version(reader) for reader in readers] == [1] * 5
    assert acked(ann) == []
    noted = Notification.objects.exclude(acked_at=None).values_list("acked_at")
    assert {clock.now() - at < timedelta(minutes=1) for (at,) in noted if at} == {True}
    services.acknowledge(acks)
    assert [version(reader) for reader in readers] == [1] * 5


def test_the_first_device_that_has_it_keeps_its_name(ann: User, bob: User) -> None:
    by_number, by_key, by_reading, by_archiving, by_nobody = send(ann, 5)
    [of_bob] = send(bob)

    services.acknowledge(
        [Ack(ann.pk, up_to=1, device="Firefox"), Ack(bob.pk, up_to=1, device="curl")]
    )
    services.acknowledge([Ack(ann.pk, frozenset({by_key.key}), device="Chrome")])
    keys = [by_number.key, by_key.key, by_reading.key]
    services.mark_read(ann.pk, keys, device="Safari")
    services.archive(ann.pk, [by_key.key, by_archiving.key], device="Edge")
    services.mark_all_read(ann.pk)

    rows = Notification.objects.order_by("id").values_list("acked_by", flat=True)
    assert list(rows) == ["Firefox", "Chrome", "Safari", "Edge", "", "curl"]
    assert acked(ann) == [1, 2, 3, 4, by_nobody.seq]
    assert acked(bob) == [of_bob.seq]


def test_acknowledging_reads_no_row_that_was_acknowledged_before(ann: User) -> None:
    send(ann, 3)
    many_done_with(ann)
    with CaptureQueriesContext(connection) as queries:
        services.acknowledge([Ack(ann.pk, up_to=2)])
    [update] = [
        each["sql"]
        for each in queries
        if each["sql"].lstrip().startswith("UPDATE notifications_notification")
    ]

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN {update}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {update}")
        plan = str(cursor.fetchall())

    assert "notifications_outstanding" in plan


def test_an_acknowledgement_up_to_a_number(ann: User) -> None:
    send(ann, 3)

    services.acknowledge([Ack(ann.pk, up_to=2)])

    assert acked(ann) == [1, 2]


def test_unknown_and_foreign_keys_are_told_apart_from_nothing(
    ann: User,
    bob: User,
) -> None:
    [own], [foreign] = send(ann), send(bob)
    nobodys = uuid4()

    [result] = services.acknowledge(
        [Ack(ann.pk, frozenset({own.key, foreign.key, nobodys}))],
    )

    assert result.unknown == {foreign.key, nobodys}
    assert (acked(ann), acked(bob)) == ([1], [])


def test_only_unknown_keys_change_nothing(ann: User) -> None:
    send(ann)

    services.acknowledge([Ack(ann.pk, frozenset({uuid4()}))])

    assert version(ann) == 0


def test_reading_is_acknowledging_too(ann: User) -> None:
    send(ann, 2)

    services.acknowledge([Ack(ann.pk, up_to=2, read=True)])

    assert acked(ann) == [1, 2]
    assert selectors.unread_count(ann.pk) == 0


def test_reading_keeps_the_time_of_an_earlier_acknowledgement(ann: User) -> None:
    [row] = send(ann)
    services.acknowledge([Ack(ann.pk, frozenset({row.key}))])
    row.refresh_from_db()
    before = row.acked_at

    services.mark_read(ann.pk, [row.key])

    row.refresh_from_db()
    assert row.acked_at == before
    assert before is not None
    assert row.read_at is not None
    assert row.read_at > before


def test_each_change_of_a_user_has_its_own_version(
    ann: User,
    published: Published,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rows = send(ann, 2)

    with django_capture_on_commit_callbacks(execute=True):
        services.acknowledge(
            [
                Ack(ann.pk, frozenset({rows[0].key})),
                Ack(ann.pk, frozenset({rows[1].key}), read=True),
            ],
        )

    told = [(each["state"], each["state_version"]) for each in published.states]
    assert told == [("acked", 1), ("read", 2)]
    assert version(ann) == 2


def test_acknowledgements_of_many_users_are_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    users = [a_user() for _ in range(20)]
    acks = [Ack(user.pk, frozenset({send(user)[0].key})) for user in users]

    # Owners, savepoint, streams, lock, one UPDATE a user, versions, unread, release.
    with django_assert_max_num_queries(20 + 7):
        services.acknowledge(acks)

    assert all(version(user) == 1 for user in users)


def test_read_all_leaves_what_came_since(ann: User) -> None:
    send(ann, 3)

    assert services.mark_all_read(ann.pk, up_to=2) == 2
    assert selectors.unread_count(ann.pk) == 1
    assert services.mark_all_read(ann.pk) == 1
    assert services.mark_all_read(ann.pk) == 0
    assert version(ann) == 2


def test_read_all_tells_the_number_and_not_the_keys(
    ann: User,
    published: Published,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    send(ann, 3)

    with django_capture_on_commit_callbacks(execute=True):
        services.mark_all_read(ann.pk, up_to=99)

    [hint] = published.states
    assert (hint["state"], hint["keys"], hint["up_to"]) == ("read", [], 3)


def test_unarchiving_tells_each_as_what_it_is_again(
    ann: User,
    published: Published,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rows = send(ann, 3)
    keys = [row.key for row in rows]
    services.mark_read(ann.pk, keys[:1])
    services.archive(ann.pk, keys)

    with django_capture_on_commit_callbacks(execute=True):
        assert services.unarchive(ann.pk, keys) == 3

    told = {each["state"]: len(each["keys"]) for each in published.states}
    assert told == {"read": 1, "unread": 2}


def test_withdrawing_takes_it_from_every_inbox(
    *,
    ann: User,
    bob: User,
    published: Published,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    rows = send(ann, 2) + send(bob)

    with django_capture_on_commit_callbacks(execute=True):
        count = services.withdraw([rows[0].key, rows[2].key, uuid4()])

    assert count == 2
    assert selectors.unread_counts([ann.pk, bob.pk]) == {ann.pk: 1, bob.pk: 0}
    assert {each["state"] for each in published.states} == {"withdrawn"}
    assert services.withdraw([rows[0].key]) == 0


def test_expiry_is_swept_in_batches_and_told(
    *,
    ann: User,
    bob: User,
    published: Published,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr("apps.notifications.states.ROWS_AT_ONCE", 2)
    soon = clock.now() + timedelta(hours=1)
    for user in (ann, ann, bob):
        services.notify(recipient=user, payload={}, expires_at=soon)
    services.notify(recipient=ann, payload={})

    with django_capture_on_commit_callbacks(execute=True):
        assert services.expire_due(soon) == 3

    assert services.expire_due(soon) == 0
    assert {each["state"] for each in published.states} == {"expired"}
    assert Notification.objects.filter(expired_at=soon).count() == 3
    assert Stream.objects.get(user=bob).state_version == 1
