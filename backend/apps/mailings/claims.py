"""Which messages go next: taken from the table with a lease and a token.

On PostgreSQL rows that another sender has locked are passed over; on SQLite there is
one writer at a time. Either way the UPDATE repeats the condition.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.delivery import providers
from apps.delivery.models import Breaker
from apps.mailings import selectors
from apps.mailings.models import DUE, Mailing, MailingStatus, Message, SendingStatus
from apps.mailings.policy import PROVIDER, Plan


class Claimed(NamedTuple):
    """A message in hand."""

    pk: int
    token: uuid.UUID
    mailing_id: int
    client_id: int
    message_id: int
    phone_number: str
    text: str
    timezone: str
    maybe_sent: bool
    attempts: int
    client_is_gone: bool


@dataclass(frozen=True)
class Running:
    """What the engine knows of a mailing that runs."""

    plan: Plan
    has_started: bool = True


def lease() -> timedelta:
    """Say for how long a message is taken: whoever holds it has told by then."""
    return timedelta(seconds=3 * settings.SMS_GATEWAY_TIMEOUT)


def running(only: int | None = None) -> dict[int, Running]:
    """Return the mailings that run, by their ids; one query."""
    rows = Mailing.objects.filter(status=MailingStatus.RUNNING)
    if only is not None:
        rows = rows.filter(pk=only)
    return {row.pk: Running(selectors.plan(row)) for row in rows.order_by("id")}


def allowance(wanted: int, mailing_ids: Sequence[int], *, now: datetime) -> int:
    """Say how many messages may go: by what is due, the breaker and the rate."""
    is_due = due(mailing_ids, now=now).exists()
    if not wanted or not is_due:
        return 0
    if providers.state(PROVIDER).breaker != Breaker.CLOSED:
        return min(1, wanted) if providers.may_send(PROVIDER, now=now) else 0
    rate = float(settings.SMS_GATEWAY_RATE)
    return providers.take(
        PROVIDER, wanted, rate=rate, burst=max(1.0, rate / 5), now=now
    )


def due(mailing_ids: Sequence[int], *, now: datetime) -> QuerySet[Message]:
    """Return the messages of some mailings that may go now."""
    return Message.objects.filter(
        mailing__in=mailing_ids,
        sending_status__in=DUE,
        next_attempt_at__lte=now,
    )


def claim(
    limit: int,
    mailing_ids: Sequence[int],
    *,
    lease: timedelta,
    now: datetime,
) -> list[Claimed]:
    """Take up to `limit` messages, shared among the mailings, under one new token.

    The first mailings get what the others leave; callers rotate them.
    """
    token = uuid.uuid4()
    with transaction.atomic():
        ids: list[int] = []
        for place, mailing_id in enumerate(mailing_ids):
            others = len(mailing_ids) - place
            share = -(-(limit - len(ids)) // others)
            ids += _next_ids(mailing_id, share, now=now)
        taken = Message.objects.filter(pk__in=ids, sending_status__in=DUE).update(
            sending_status=SendingStatus.SENDING, token=token, lease_until=now + lease
        )
    return _loaded(ids, token) if taken else []


def _next_ids(mailing_id: int, share: int, *, now: datetime) -> list[int]:
    rows = due([mailing_id], now=now).order_by("next_attempt_at", "pk")
    free = rows.select_for_update(skip_locked=True, no_key=True, of=("self",))
    return list(free.values_list("pk", flat=True)[:share])


def _loaded(ids: Sequence[int], token: uuid.UUID) -> list[Claimed]:
    rows = Message.objects.filter(
        pk__in=ids, token=token, sending_status=SendingStatus.SENDING
    ).values_list(
        "pk",
        "mailing_id",
        "client_id",
        "message_id",
        "phone_number",
        "text",
        "timezone",
        "maybe_sent",
        "attempts",
        "client__deleted_at",
    )
    return [
        Claimed(row[0], token, *row[1:-1], client_is_gone=row[-1] is not None)
        for row in rows
    ]
