"""What a mailing may be, where a message goes next; pure."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from apps.mailings import window
from apps.mailings.models import TAG_LENGTH, TEXT_LENGTH, MailingStatus, SendingStatus

# No request leaves in the last moment before the end: the clock of the database and
# the one here differ by less than this.
END_GUARD = timedelta(seconds=1)
LONGEST_DELAY = timedelta(minutes=15)
RECENT = 200
RECENT_LEAST = 100
RECENT_FAILED_SHARE = 0.2
SPAN_SECONDS = 10
# The gateway's name among the providers, which have a breaker each.
PROVIDER = "sms"
# The code of a try whose sender is gone.
LOST = "lost"
# Why a message ended that was never sent.
END, HOURS, AWAY = "end", "hours", "gateway away"
# Above this many recipients a person is asked again before it starts.
CONFIRM_ABOVE = 1000

_CODE = re.compile(r"[0-9]{3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

Errors = dict[str, list[str]]


class MailingFields(TypedDict, total=False):
    """What can be written of a mailing; what is absent stays as it is."""

    date_start: datetime
    date_end: datetime
    text: str
    tag: str
    mobile_operator_code: str
    time_start: time | None
    time_end: time | None
    status: str


class MailingError(ValueError):
    """A mailing that cannot be; the texts by field."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(errors)
        self.errors = errors


class StateError(ValueError):
    """What was asked does not fit what the mailing is now."""


@dataclass(frozen=True)
class Plan:
    """When a message may go: not before, not after, and in which hours of the day."""

    date_start: datetime
    date_end: datetime
    time_start: time | None
    time_end: time | None

    def opening(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Say when a message may go from a moment on; None: not before the end."""
        earliest = max(moment, self.date_start)
        opens = window.next_open(earliest, zone, self.time_start, self.time_end)
        return opens if opens < self.date_end - END_GUARD else None

    def is_open(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Say whether a message may go right now."""
        if not self.date_start <= moment < self.date_end - END_GUARD:
            return False
        if self.time_start is None or self.time_end is None:
            return True
        return window.is_inside(moment, zone, self.time_start, self.time_end)


def errors(values: Mapping[str, object]) -> Errors:
    """Say what is wrong with a mailing, by field."""
    found: Errors = {}
    checks: tuple[tuple[str, Callable[[Mapping[str, object]], str]], ...] = (
        ("text", _text_error),
        ("date_end", _dates_error),
        ("tag", _tag_error),
        ("mobile_operator_code", _code_error),
        ("time_end", _window_error),
    )
    for field, check in checks:
        message = check(values)
        if message:
            found[field] = [message]
    return found


def _text_error(values: Mapping[str, object]) -> str:
    text = str(values["text"])
    if not text.strip():
        return "Say something."
    if len(text) > TEXT_LENGTH:
        return f"At most {TEXT_LENGTH} characters."
    return "Without control characters." if _CONTROL.search(text) else ""


def _dates_error(values: Mapping[str, object]) -> str:
    start, end = values["date_start"], values["date_end"]
    assert isinstance(start, datetime)  # noqa: S101  (narrows the type)
    assert isinstance(end, datetime)  # noqa: S101  (narrows the type)
    if not all(1970 < each.year < 9998 for each in (start, end)):
        return "Both dates must be between the years 1971 and 9997."
    return "" if end > start else "The end must be after the start."


def _tag_error(values: Mapping[str, object]) -> str:
    tag = str(values["tag"])
    if len(tag) > TAG_LENGTH:
        return f"At most {TAG_LENGTH} characters."
    return "Without control characters." if _CONTROL.search(tag) else ""


def _code_error(values: Mapping[str, object]) -> str:
    code = str(values["mobile_operator_code"])
    fits = not code or _CODE.fullmatch(code)
    return "" if fits else "Three digits, such as 900, or nothing."


def _window_error(values: Mapping[str, object]) -> str:
    start, end = values["time_start"], values["time_end"]
    if (start is None) != (end is None):
        return "Give time_start and time_end, or neither."
    if start is not None and start == end:
        return "The two times must differ; leave both out for the whole day."
    return ""


TRANSITIONS: Mapping[str, frozenset[str]] = {
    "start": frozenset({MailingStatus.DRAFT, MailingStatus.SCHEDULED}),
    "pause": frozenset({MailingStatus.RUNNING, MailingStatus.SCHEDULED}),
    "resume": frozenset({MailingStatus.PAUSED}),
    "cancel": frozenset(
        {
            MailingStatus.DRAFT,
            MailingStatus.SCHEDULED,
            MailingStatus.RUNNING,
            MailingStatus.PAUSED,
        }
    ),
    "resend_failed": frozenset(
        {MailingStatus.RUNNING, MailingStatus.PAUSED, MailingStatus.DONE}
    ),
}


def require(action: str, status: str) -> None:
    """Refuse an action that does not fit a status.

    Raises: StateError.
    """
    if status not in TRANSITIONS[action]:
        message = f"A mailing that is {status} cannot {action.replace('_', ' ')}."
        raise StateError(message)


def delay(attempts: int, *, first: timedelta, retry_after: float | None) -> timedelta:
    """Say how long to wait after a try.

    attempts: tries so far, from 1.
    Units: retry_after in seconds, as the gateway asked; it wins when longer.
    Bounds: the first delay doubling to 15 min, times 0.5 to 1.
    """
    doubled = first * (1 << min(attempts - 1, 20))
    drawn = min(doubled, LONGEST_DELAY) * random.uniform(0.5, 1)  # noqa: S311  (jitter)
    asked = timedelta(seconds=min(retry_after or 0, LONGEST_DELAY.total_seconds()))
    return max(drawn, asked)


def unsent(*, maybe_sent: bool) -> SendingStatus:
    """Say what a message is that cannot be tried again before the end."""
    return SendingStatus.UNKNOWN if maybe_sent else SendingStatus.EXPIRED


def fails_too_often(recent: str) -> bool:
    """Say whether a mailing is to pause itself, from what its last messages became."""
    if len(recent) < RECENT_LEAST:
        return False
    return recent.count("f") > RECENT_FAILED_SHARE * len(recent)


def masked(phone_number: str) -> str:
    """Write a number without its middle."""
    return f"{phone_number[:4]}***{phone_number[-4:]}"


def withdrawn(*, maybe_sent: bool) -> SendingStatus:
    """Say what a message is that nobody wants sent any more."""
    return SendingStatus.UNKNOWN if maybe_sent else SendingStatus.CANCELLED


def reason_unsent(date_end: datetime, now: datetime) -> str:
    """Say why a message cannot go any more: the end, or hours that open after it."""
    return END if date_end - END_GUARD <= now else HOURS
