"""What a mailing's messages come to, kept by whoever moves them.

The counter's row is locked after the messages and before nothing else, in ascending
order of mailings.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import F

from apps.mailings import policy
from apps.mailings.models import (
    MailingCounter,
    MailingSpan,
    SendingStatus,
)

COUNTED = (
    SendingStatus.SENT,
    SendingStatus.FAILED,
    SendingStatus.EXPIRED,
    SendingStatus.UNKNOWN,
    SendingStatus.CANCELLED,
)


@dataclass
class Moves:
    """How many of a mailing's messages became what.

    recent: those that a try ended, `f` for a failed one, in their order.
    """

    added: int = 0
    by_status: Counter[str] = field(default_factory=Counter)
    recent: str = ""

    def move(self, old: str, new: str, count: int = 1) -> None:
        """Note that messages went from one status to another."""
        if old in COUNTED:
            self.by_status[old] -= count
        if new in COUNTED:
            self.by_status[new] += count


def apply(mailing_id: int, moves: Moves, *, now: datetime) -> MailingCounter:
    """Write the moves; the messages were changed in the same transaction."""
    rows = MailingCounter.objects.select_for_update(no_key=True)
    counter = rows.get(pk=mailing_id)
    counter.total += moves.added
    for name in COUNTED:
        setattr(counter, name, getattr(counter, name) + moves.by_status[name])
    counter.recent = (counter.recent + moves.recent)[-policy.RECENT :]
    counter.save(update_fields=["total", *map(str, COUNTED), "recent"])
    _note_span(mailing_id, moves.by_status, now=now)
    return counter


def _note_span(mailing_id: int, moved: Counter[str], *, now: datetime) -> None:
    sent = max(0, moved[SendingStatus.SENT])
    failed = max(0, moved[SendingStatus.FAILED])
    other = max(0, sum(moved.values()) - sent - failed)
    if not sent + failed + other:
        return
    at = span(now)
    rows = MailingSpan.objects.filter(mailing=mailing_id, at=at)
    found = rows.update(
        sent=F("sent") + sent, failed=F("failed") + failed, other=F("other") + other
    )
    if not found:
        # Nobody else makes it meanwhile: the counter's row is ours.
        MailingSpan.objects.create(
            mailing_id=mailing_id, at=at, sent=sent, failed=failed, other=other
        )


def span(now: datetime) -> datetime:
    """Say which span of time a moment belongs to."""
    past = timedelta(
        seconds=now.timestamp() % policy.SPAN_SECONDS,
    )
    return (now - past).replace(microsecond=0)


def rates(mailing_ids: Iterable[int], *, now: datetime) -> dict[int, float]:
    """Say how many messages a second ended lately, by mailing; one query."""
    begin = span(now) - timedelta(seconds=2 * policy.SPAN_SECONDS)
    found: dict[int, list[MailingSpan]] = {}
    rows = MailingSpan.objects.filter(
        mailing__in=list(mailing_ids), at__gte=begin, at__lte=now
    )
    for row in rows.order_by("at"):
        found.setdefault(row.mailing_id, []).append(row)
    return {
        mailing_id: round(
            sum(row.sent + row.failed for row in spans)
            / max(1.0, (now - spans[0].at).total_seconds()),
            1,
        )
        for mailing_id, spans in found.items()
    }
