"""The kinds and the outside channels that people can choose among.

Apps above add theirs when they start, so that what a person may choose is what the
server can send.
"""

from collections.abc import Callable, Iterable

# The kind that stands for all kinds without a choice of their own.
EVERY_KIND = "*"

Kinds = Callable[[], Iterable[str]]
# What a user has an address for (`User.email`, `UserProfile`), in the order shown.
_channels = ["email", "sms", "telegram", "webhook"]
_kinds: dict[str, Kinds] = {}


def register_channels(*names: str) -> None:
    """Offer further channels."""
    _channels.extend(name for name in names if name not in _channels)


def register_kinds(owner: str, kinds: Kinds) -> None:
    """Offer an app's kinds; the function is asked whenever they are shown."""
    _kinds[owner] = kinds


def channels() -> tuple[str, ...]:
    """Return the outside channels."""
    return tuple(_channels)


def kinds() -> list[str]:
    """Return all kinds but `*`, in the order of the alphabet."""
    return sorted({kind for listed in _kinds.values() for kind in listed()})
