"""How providers do, in one row each that all processes share: breaker and rate.

A breaker within a process would let every process spend its own failures on a provider
that is down, and a rate within a process would be as many rates as processes.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.delivery.models import Breaker, ProviderState

SPAN_SECONDS = 5
LEAST_CALLS = 20
REFUSED_LIMIT = 5
FIRST_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0
# A probe that has told nothing by then died with its process.
PROBE_SECONDS = 60.0
REASON_LENGTH = 512


def may_send(provider: str, *, now: datetime) -> bool:
    """Say whether to send: the breaker is closed, or this caller has the one probe."""
    row = state(provider)
    if row.breaker == Breaker.CLOSED:
        return True
    # Of many callers the conditional UPDATE lets one through.
    due = ProviderState.objects.filter(
        ~Q(breaker=Breaker.CLOSED),
        name=provider,
        open_until__lte=now,
    )
    probe_until = now + timedelta(seconds=PROBE_SECONDS)
    return due.update(breaker=Breaker.HALF, open_until=probe_until) == 1


def record(
    provider: str,
    *,
    ok: int,
    failed: int,
    refused: int,
    now: datetime,
) -> None:
    """Count outcomes; open, probe again or close the breaker.

    failed: answers that speak against the provider: 5xx, time-outs, garbage.
    refused: connections that did not come about.
    """
    if not ok + failed + refused:
        return
    with transaction.atomic():
        row = _locked(provider)
        if row.breaker == Breaker.OPEN:
            # From calls that were on their way when it opened.
            return
        if row.breaker == Breaker.HALF:
            _judge_probe(row, succeeded=not failed + refused, now=now)
            return
        _count(row, ok=ok, failed=failed + refused, now=now)
        row.refused_in_a_row = 0 if ok or failed else row.refused_in_a_row + refused
        if row.refused_in_a_row >= REFUSED_LIMIT or _is_failing(row):
            _open(row, now=now, reason="")
        row.save()


def misconfigured(provider: str, reason: str, *, now: datetime) -> None:
    """Open the breaker for a fault that an operator must mend, such as a token."""
    with transaction.atomic():
        row = _locked(provider)
        if row.breaker != Breaker.OPEN or not row.reason:
            _open(row, now=now, reason=reason[:REASON_LENGTH])
        row.save()


def take(
    provider: str,
    wanted: int,
    *,
    rate: float,
    burst: float,
    now: datetime,
) -> int:
    """Take up to `wanted` of the messages that may go now, and say how many.

    Units: rate in messages a second, of all processes together; 0 is no limit.
    """
    if rate <= 0 or wanted <= 0:
        return max(0, wanted)
    with transaction.atomic():
        row = _locked(provider)
        held = burst if row.tokens is None else row.tokens
        passed = (now - row.refilled_at).total_seconds() if row.refilled_at else 0.0
        held = min(burst, held + max(0.0, passed) * rate)
        taken = min(wanted, int(held))
        row.tokens = held - taken
        row.refilled_at = now
        row.save(update_fields=["tokens", "refilled_at"])
    return taken


def state(provider: str) -> ProviderState:
    """Return a provider's state; a new one is closed and not stored."""
    row = ProviderState.objects.filter(name=provider).first()
    return row or ProviderState(name=provider)


def closed_until(names: Collection[str]) -> dict[str, datetime]:
    """Say until when the providers are not used whose breaker is not closed."""
    rows = ProviderState.objects.filter(name__in=names)
    found = rows.exclude(breaker=Breaker.CLOSED).values_list("name", "open_until")
    return {name: until for name, until in found if until is not None}


def untold_faults() -> list[ProviderState]:
    """List the providers with a fault that no operator was told of."""
    return list(
        ProviderState.objects.filter(told_at=None).exclude(reason="").order_by("name"),
    )


def mark_told(provider: str, *, now: datetime) -> bool:
    """Note that operators were told; only one caller gets a yes."""
    untold = ProviderState.objects.filter(name=provider, told_at=None)
    return untold.exclude(reason="").update(told_at=now) == 1


def ask_again(provider: str, *, now: datetime) -> None:
    """Let the next probe of an open breaker go at once: somebody mended a setting."""
    ProviderState.objects.filter(name=provider, breaker=Breaker.OPEN).update(
        open_until=now
    )


def reset(provider: str) -> None:
    """Close the breaker by hand, as after mending a setting."""
    with transaction.atomic():
        row = _locked(provider)
        _close(row)
        row.save()


def _locked(provider: str) -> ProviderState:
    rows = ProviderState.objects.select_for_update().filter(name=provider)
    row = rows.first()
    if row is None:
        ProviderState.objects.bulk_create(
            [ProviderState(name=provider)],
            ignore_conflicts=True,
        )
        row = rows.get()
    return row


def _judge_probe(row: ProviderState, *, succeeded: bool, now: datetime) -> None:
    if succeeded:
        _close(row)
    else:
        _open(row, now=now, reason=row.reason)
    row.changed_at = now
    row.save()


def _count(row: ProviderState, *, ok: int, failed: int, now: datetime) -> None:
    span = int(now.timestamp()) // SPAN_SECONDS
    if span != row.span:
        is_next = span == row.span + 1
        row.ok_before = row.ok if is_next else 0
        row.failed_before = row.failed if is_next else 0
        row.span, row.ok, row.failed = span, 0, 0
    row.ok += ok
    row.failed += failed


def _is_failing(row: ProviderState) -> bool:
    failed = row.failed + row.failed_before
    calls = failed + row.ok + row.ok_before
    return calls >= LEAST_CALLS and failed * 2 >= calls


def _open(row: ProviderState, *, now: datetime, reason: str) -> None:
    row.open_seconds = min(
        LONGEST_PAUSE_SECONDS,
        max(FIRST_PAUSE_SECONDS, row.open_seconds * 2),
    )
    row.breaker = Breaker.OPEN
    row.open_until = now + timedelta(seconds=row.open_seconds)
    row.changed_at = now
    if reason != row.reason:
        row.reason = reason
        row.told_at = None


def _close(row: ProviderState) -> None:
    row.breaker = Breaker.CLOSED
    row.reason = ""
    row.told_at = None
    row.open_until = None
    row.open_seconds = 0
    row.ok = row.failed = row.ok_before = row.failed_before = 0
    row.refused_in_a_row = 0
