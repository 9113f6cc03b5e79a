"""What happened to a notification, in the order in which it happened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.notifications.models import (
    AttemptStatus,
    Delivery,
    DeliveryStatus,
    Notification,
    NotificationAttempt,
)
from apps.notifications.progress import Progress

GOOD, BAD, PLAIN, WAITING = "success", "danger", "info", "warning"
_TONES = {
    AttemptStatus.SENT: GOOD,
    AttemptStatus.FAILED: BAD,
    AttemptStatus.UNKNOWN: WAITING,
    AttemptStatus.RUNNING: PLAIN,
}
_REASONS = {
    "unknown": "nobody knows what came of the last attempt; a person must decide",
    "provider": "the provider is out of order",
    "quiet_hours": "it is quiet where the recipient is",
    "online": "the recipient has a page open",
}


@dataclass(frozen=True)
class Entry:
    """One thing that happened, or is to happen."""

    at: datetime | None
    title: str
    detail: str = ""
    tone: str = PLAIN
    is_future: bool = False


def entries(
    row: Notification,
    delivery: Delivery | None,
    attempts: Sequence[NotificationAttempt],
) -> list[Entry]:
    """Return what has happened, the oldest first."""
    found = [*_of_the_page(row), *(_of_attempt(each, attempts) for each in attempts)]
    if delivery is not None and delivery.finished_at is not None:
        found.append(_end(delivery, delivery.finished_at))
    return sorted(found, key=lambda each: each.at or row.created_at)


def outlook(progress: Progress) -> list[Entry]:
    """Return what is to come."""
    reason = _REASONS.get(progress.hold_reason, progress.hold_reason)
    if progress.next is not None:
        title = f"{_title(progress.next['channel'])}, attempt {progress.next['number']}"
        return [
            Entry(
                datetime.fromisoformat(progress.next["at"]),
                title,
                f"Held: {reason}." if progress.held else "Not before then.",
                WAITING if progress.held else PLAIN,
                is_future=True,
            )
        ]
    if progress.held:
        return [Entry(None, "Held", f"{reason[:1].upper()}{reason[1:]}.", WAITING)]
    return []


def _of_the_page(row: Notification) -> Iterator[Entry]:
    source = row.source or "the program itself"
    request = f", request {row.request_id}" if row.request_id else ""
    yield Entry(row.created_at, "Accepted", f"From {source}{request}.")
    if row.seq is not None:
        detail = f"Number {row.seq} in the recipient's stream."
        yield Entry(row.created_at, "Pushed to the page", detail, GOOD)
    for at, title, detail, tone in (
        (row.acked_at, "Acknowledged", _stored_by(row), GOOD),
        (row.read_at, "Read", "", GOOD),
        (row.archived_at, "Archived", "The recipient has put it away.", PLAIN),
        (row.withdrawn_at, "Withdrawn", "Taken back from every inbox.", WAITING),
        (row.expired_at, "Expired", "Past its time.", WAITING),
    ):
        if at is not None:
            yield Entry(at, title, detail, tone)


def _stored_by(row: Notification) -> str:
    return f"{row.acked_by or 'A device'} has stored it."


def _of_attempt(
    row: NotificationAttempt, attempts: Sequence[NotificationAttempt]
) -> Entry:
    is_resent = any(each.round > 1 for each in attempts)
    part = f" of round {row.round}" if is_resent else ""
    said = " ".join(text for text in (row.error, row.provider_response) if text)
    tone = _TONES.get(AttemptStatus(row.status), PLAIN)
    title = f"{_title(row.channel)}, attempt {row.number}{part}: {row.status}"
    return Entry(row.finished_at or row.started_at, title, said, tone)


def _end(delivery: Delivery, at: datetime) -> Entry:
    if delivery.status == DeliveryStatus.SENT:
        return Entry(at, "Delivered", f"By {_name(delivery.channel)}.", GOOD)
    if delivery.status == DeliveryStatus.CANCELLED:
        return Entry(at, "Cancelled", "No further attempt.", WAITING)
    return Entry(at, "Failed", "Every channel has been tried.", BAD)


def _name(channel: str) -> str:
    known = {"in_app": "the page", "email": "e-mail", "sms": "SMS"}
    return known.get(channel, channel)


def _title(channel: str) -> str:
    name = _name(channel)
    return name[:1].upper() + name[1:]
