"""Forgetting credentials that are past use."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from apps.accounts.models import AuthToken, LoginFailures, Ticket, UserSession
from apps.common import idempotency

BATCH = 1000


def prune(now: datetime) -> int:
    """Delete what is expired, in short transactions; return how many rows went.

    Expired are tickets, tokens, sessions, counters of failed logins, and the answers
    kept for an Idempotency-Key.
    """
    past: list[QuerySet[Any]] = [
        Ticket.objects.filter(expires_at__lte=now),
        AuthToken.objects.filter(expiry__lte=now),
        UserSession.objects.filter(expire_date__lte=now),
        LoginFailures.objects.filter(since__lte=now - settings.LOGIN_FAILURE_WINDOW),
    ]
    return sum(_delete(rows) for rows in past) + idempotency.prune(now)


def _delete(rows: QuerySet[Any]) -> int:
    deleted = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        deleted += rows.filter(pk__in=keys).delete()[0]
    return deleted
