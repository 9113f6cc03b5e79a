"""What a time zone, a phone number and a Telegram chat look like, to the letter."""

import re
import zoneinfo

from django.core.exceptions import ValidationError

# Read once: zoneinfo walks the file system to answer.
TIME_ZONES = frozenset(zoneinfo.available_timezones())

_PHONE = re.compile(r"7[0-9]{10}")
_TELEGRAM_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{5,32}")
_EXTERNAL_ID = re.compile(r"[^\x00-\x1f\x7f/]{1,150}")


def validate_timezone(value: str) -> None:
    """Accept the exact name of a time zone in the IANA database."""
    if value not in TIME_ZONES:
        message = "Give the name of a time zone, such as Europe/Moscow."
        raise ValidationError(message, code="invalid_timezone")


def validate_phone(value: str) -> None:
    """Accept 7XXXXXXXXXX in ASCII digits, nothing around it."""
    if not _PHONE.fullmatch(value):
        message = "Write the number as 7XXXXXXXXXX."
        raise ValidationError(message, code="invalid_phone")


def validate_telegram_chat(value: str) -> None:
    """Accept a numeric chat id, negative for groups, or @name of a channel."""
    if not _TELEGRAM_CHAT.fullmatch(value):
        message = "Give a numeric chat id or a name such as @channel."
        raise ValidationError(message, code="invalid_telegram_chat")


def validate_external_id(value: str) -> None:
    """Accept up to 150 characters without control characters and slashes."""
    if not _EXTERNAL_ID.fullmatch(value):
        message = "An external id has 1 to 150 characters, no slash, none of control."
        raise ValidationError(message, code="invalid_external_id")
