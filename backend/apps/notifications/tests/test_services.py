"""The waist: one row, one number, one hint after the commit."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import services
from apps.notifications.models import Notification, Stream
from apps.notifications.services import Draft
from apps.notifications.tests.builders import a_user
from apps.notifications.tests.conftest import Published

pytestmark = pytest.mark.django_db


def test_numbers_of_a_user_run_from_one_without_gaps(ann: User, bob: User) -> None:
    for recipient in (ann, bob, ann, ann):
        services.notify(recipient=recipient, payload={})

    numbers = Notification.objects.filter(recipient=ann).order_by("seq")
    assert list(numbers.values_list("seq", flat=True)) == [1, 2, 3]
    assert Stream.objects.get(user=bob).last_seq == 1


def test_d06_notify_user_by_id_takes_the_id_as_text(ann: User) -> None:
    row = services.notify_user_by_id(str(ann.pk), {"text": "hello"})

    row.refresh_from_db()
    assert row.recipient == ann
    assert row.payload == '{"text":"hello"}'


@pytest.mark.parametrize("user_id", ["", "1e3", " 1 ", "١", True, 1.0, None, "-1"])
def test_d06_notify_user_by_id_refuses_what_is_no_id(user_id: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        services.notify_user_by_id(user_id, {})  # type: ignore[arg-type]


@pytest.mark.parametrize("user_id", [0, -1, 2**63])
def test_d06_notify_user_by_id_refuses_impossible_ids(user_id: int) -> None:
    with pytest.raises(services.DraftError, match="recipient"):
        services.notify_user_by_id(user_id, {})


def test_d06_notify_user_by_id_says_that_nobody_is_there(ann: User) -> None:
    with pytest.raises(User.DoesNotExist, match="no active user with the id 987654"):
        services.notify_user_by_id("987654", {})


def test_nobody_who_was_disabled_is_told() -> None:
    gone = a_user(is_active=False)

    with pytest.raises(User.DoesNotExist):
        services.notify(recipient=gone, payload={})


def test_d06_the_hint_is_published_after_the_commit(
    ann: User,
    published: Published,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = services.notify(recipient=ann, payload={"a": 1}, title="Hello")
        assert published.notifications == []

    [hint] = published.notifications
    frame = json.loads(hint["frame"])
    assert (hint["user_id"], hint["seq"]) == (ann.pk, 1)
    assert frame["key"] == str(row.key)
    assert frame["value"] == {"a": 1}
    assert frame["replay"] is False


@pytest.mark.django_db(transaction=True)
def test_d06_no_hint_when_the_transaction_is_rolled_back(published: Published) -> None:
    user = a_user()

    with transaction.atomic():
        services.notify(recipient=user, payload={})
        transaction.set_rollback(True)

    assert published.notifications == []
    assert not Notification.objects.exists()
    assert not Stream.objects.filter(last_seq__gt=0).exists()


def test_d09_two_equal_payloads_are_two_notifications(ann: User) -> None:
    first = services.notify(recipient=ann, payload={"same": True})
    second = services.notify(recipient=ann, payload={"same": True})

    assert first.key != second.key
    assert (first.seq, second.seq) == (1, 2)


def test_d09_a_known_idempotency_key_returns_the_existing_row(
    ann: User,
    published: Published,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        first = services.notify(
            recipient=ann, payload=1, source="a", idempotency_key="k"
        )
        again = services.notify(
            recipient=ann, payload=1, source="a", idempotency_key="k"
        )
        other = services.notify(
            recipient=ann, payload=1, source="b", idempotency_key="k"
        )

    assert again.pk == first.pk
    assert other.pk != first.pk
    assert [hint["seq"] for hint in published.notifications] == [1, 2]
    assert Stream.objects.get(user=ann).last_seq == 2


def test_d09_a_key_twice_in_one_call_is_one_notification(ann: User) -> None:
    drafts = [Draft(ann.pk, payload=1, idempotency_key="k") for _ in range(2)]

    first, second = services.notify_many(drafts)

    assert first is second
    assert Notification.objects.count() == 1


def test_many_are_stored_in_the_order_of_their_drafts(ann: User, bob: User) -> None:
    drafts = [Draft(user.pk, payload=n) for n, user in enumerate([bob, ann, bob, ann])]

    rows = services.notify_many(drafts)

    assert [row.payload for row in rows] == ["0", "1", "2", "3"]
    assert [row.seq for row in rows] == [1, 1, 2, 2]
    assert all(row.pk for row in rows)


def test_many_users_cost_a_handful_of_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    users = [a_user() for _ in range(20)]
    drafts = [Draft(user.pk, payload={}) for user in users]
    services.notify_many(drafts)

    # Savepoint, recipients, which streams are there, lock, raise, insert, release.
    with django_assert_max_num_queries(7):
        services.notify_many(drafts)


def test_more_than_500_users_at_once_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.notifications.streams.USERS_AT_ONCE", 2)
    drafts = [Draft(a_user().pk, payload={}) for _ in range(3)]

    with pytest.raises(ValueError, match="At most 2 users at once, not 3"):
        services.notify_many(drafts)


def test_a_single_unknown_user_stores_nothing(ann: User) -> None:
    with pytest.raises(User.DoesNotExist):
        services.notify_many([Draft(ann.pk, payload=1), Draft(987654, payload=1)])

    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    ("payload", "stored"),
    [
        ({}, "{}"),
        ([], "[]"),
        ("", '""'),
        (0, "0"),
        (False, "false"),
        ({"type": "x", "__proto__": 1}, '{"type":"x","__proto__":1}'),
        ("Привет 😀", '"Привет 😀"'),
    ],
)
def test_any_json_value_but_null_is_a_payload(
    ann: User,
    payload: object,
    stored: str,
) -> None:
    assert services.notify(recipient=ann, payload=payload).payload == stored


@pytest.mark.parametrize(
    "payload",
    [
        None,
        float("nan"),
        {"a": float("inf")},
        "\x00",
        {"\x00": 1},
        "\ud800",
        {1: 1, "1": 2},
        object(),
        {"when": datetime(2030, 1, 1, tzinfo=UTC)},
        [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]],
    ],
)
def test_what_is_no_payload_is_refused(ann: User, payload: object) -> None:
    with pytest.raises(services.DraftError, match="payload"):
        services.notify(recipient=ann, payload=payload)

    assert not Notification.objects.exists()


def test_a_payload_may_have_32_kib_and_not_one_byte_more(ann: User) -> None:
    services.notify(recipient=ann, payload="é" * 16_383)

    with pytest.raises(services.PayloadTooLargeError, match="32768 bytes"):
        services.notify(recipient=ann, payload="é" * 16_383 + "x")


def test_a_title_may_stand_without_a_payload(ann: User) -> None:
    assert services.notify(recipient=ann, title="Hello").payload == "{}"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 201),
        ("title", 5),
        ("body", "x" * 4001),
        ("body", "\x00"),
        ("severity", "loud"),
        ("kind", ""),
        ("kind", "Message"),
        ("kind", "x" * 65),
        ("kind", "a\n"),
        ("url", "//evil.example"),
        ("url", "/\\evil.example"),
        ("url", "javascript:alert(1)"),
        ("url", "ftp://example.org/"),
        ("url", "http://"),
        ("url", "http://[::1"),
        ("url", "orders/7"),
        ("url", "/" + "x" * 2000),
        ("idempotency_key", ""),
        ("idempotency_key", "x" * 256),
        ("idempotency_key", "ключ"),
        ("expires_at", datetime(2999, 1, 1)),  # noqa: DTZ001  (naive is the point)
        ("expires_at", datetime(2000, 1, 1, tzinfo=UTC)),
        ("expires_at", "2999-01-01T00:00:00Z"),
    ],
)
def test_a_wrong_field_is_named(ann: User, field: str, value: object) -> None:
    with pytest.raises(services.DraftError) as caught:
        services.notify(recipient=ann, payload={}, **{field: value})  # type: ignore[arg-type]

    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize("url", ["/", "/orders/7?x=1#y", "https://example.org/ü"])
def test_links_go_to_our_own_paths_or_the_web(ann: User, url: str) -> None:
    assert services.notify(recipient=ann, payload={}, url=url).url == url


def test_a_notification_may_expire(ann: User) -> None:
    later = clock.now() + timedelta(hours=1)

    assert (
        services.notify(recipient=ann, payload=1, expires_at=later).expires_at == later
    )
