"""The `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 900.0
_DIGITS = re.compile(r"[0-9]{1,12}")


def parsed(value: str | None, *, now: datetime) -> float | None:
    """Say how many seconds to wait; None for what is not understood.

    Bounds: 15 minutes at most, whatever was asked for.
    """
    text = (value or "").strip()
    if _DIGITS.fullmatch(text):
        return min(float(text), LONGEST_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_SECONDS)
