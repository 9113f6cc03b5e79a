"""Rows that are inserted together are the rows that were made."""

import contextlib
from datetime import UTC, datetime

import pytest
from django.db import DataError, IntegrityError, transaction

from apps.accounts.models import User
from apps.common.inserting import insert
from apps.notifications.models import Notification

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def a_row(user: User, seq: int, **fields: object) -> Notification:
    return Notification(recipient=user, seq=seq, payload="{}", created_at=NOW, **fields)


def stored(row: Notification) -> dict[str, object]:
    found = Notification.objects.get(pk=row.pk)
    return {
        field.attname: getattr(found, field.attname)
        for field in Notification._meta.concrete_fields
    }


def test_every_field_arrives_as_it_was(ann: User) -> None:
    full = a_row(
        ann,
        1,
        title='Quotes " and \\ and \x01 and \u2028',
        body="Line one\nline two\ttab, \U0001f514, \u202ertl",
        severity="critical",
        kind="deploy",
        url="https://example.com/?a=1&b=%20",
        source="service:x",
        request_id="r-1",
        idempotency_key="once",
        expires_at=NOW,
        acked_at=NOW,
        read_at=NOW,
    )
    full.payload = '{"b": 1,  "a": [1.50, "é", null]}'
    nothing = Notification(payload="", created_at=NOW)
    rows = [full, a_row(ann, 2), nothing]

    insert(rows)

    assert len({row.pk for row in rows}) == len(rows)
    for row in rows:
        expected = {name: getattr(row, name) for name in stored(row)}
        assert stored(row) == expected
    full.title = "Changed"
    full.save()
    assert Notification.objects.get(pk=full.pk).title == "Changed"


def test_a_number_that_is_taken_inserts_nothing(ann: User) -> None:
    insert([a_row(ann, 1)])

    with pytest.raises(IntegrityError), transaction.atomic():
        insert([a_row(ann, 2), a_row(ann, 1)])

    assert Notification.objects.count() == 1


def test_what_is_too_long_is_refused_or_kept_but_never_cut(ann: User) -> None:
    row = a_row(ann, 1, title="x" * 201)

    with contextlib.suppress(DataError), transaction.atomic():
        insert([row])

    assert not Notification.objects.filter(title__startswith="x").exclude(
        title=row.title
    )
