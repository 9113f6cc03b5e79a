"""Failed logins: counted before the password is looked at, so that none slips by."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from django.conf import settings
from django.db.models import Case, F, Q, QuerySet, Value, When

from apps.accounts.models import LoginFailures


@dataclass(frozen=True)
class LoginAttempt:
    """What is counted: tries for one user name from one network."""

    username: str
    network: str


class TooManyLogins(Exception):  # noqa: N818  (reads as what happened)
    """The limit is reached; the password was not looked at."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("Too many failed logins.")
        self.retry_after_seconds = max(1, ceil(retry_after.total_seconds()))


def count(attempt: LoginAttempt, *, now: datetime) -> None:
    """Count a try as failed; `forget` takes it back when it succeeds.

    One conditional UPDATE decides, so that of any number of parallel tries at most
    LOGIN_FAILURE_LIMIT go on to the password.

    Raises: TooManyLogins.
    """
    window_start = now - settings.LOGIN_FAILURE_WINDOW
    is_over = Q(since__lte=window_start)
    counted = _row(attempt).filter(is_over | Q(count__lt=settings.LOGIN_FAILURE_LIMIT))
    if _raise_counter(counted, is_over, now):
        return
    first = LoginFailures(
        username=attempt.username,
        network=attempt.network,
        since=now,
    )
    LoginFailures.objects.bulk_create([first], ignore_conflicts=True)
    if not _raise_counter(counted, is_over, now):
        raise TooManyLogins(_remaining(attempt, now))


def forget(attempt: LoginAttempt) -> None:
    """Begin anew after a successful login."""
    _row(attempt).delete()


def _row(attempt: LoginAttempt) -> QuerySet[LoginFailures]:
    return LoginFailures.objects.filter(
        username=attempt.username,
        network=attempt.network,
    )


def _raise_counter(
    counted: QuerySet[LoginFailures],
    is_over: Q,
    now: datetime,
) -> int:
    return counted.update(
        count=Case(When(is_over, then=Value(1)), default=F("count") + 1),
        since=Case(When(is_over, then=Value(now)), default=F("since")),
    )


def _remaining(attempt: LoginAttempt, now: datetime) -> timedelta:
    since = _row(attempt).values_list("since", flat=True).first() or now
    remaining: timedelta = since + settings.LOGIN_FAILURE_WINDOW - now
    return remaining
