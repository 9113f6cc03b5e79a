"""Channels to the outside, each one file of this folder (docs/adding-a-channel.md)."""

import pkgutil
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from apps.accounts.models import User
from apps.delivery.base import Parcel, Receipt


class Channel(Protocol):
    """What a file in this folder has."""

    NAME: str
    # How many messages one process has on their way at once.
    CONCURRENCY: int

    def off_reason(self) -> str:
        """Say in a sentence what to set where it is off; empty when it is on."""

    def on_unknown(self) -> str:
        """Say what follows an outcome that nobody knows: `retry` or `hold`."""

    def address_of(self, user: User) -> str:
        """Return where this user is reached, or nothing."""

    def is_address(self, text: str) -> bool:
        """Say whether a text is an address of this channel."""

    def send(self, parcel: Parcel) -> Receipt:
        """Make one attempt.

        Raises: DeliveryError.
        """


@cache
def _all() -> dict[str, Channel]:
    found = [
        cast("Channel", import_module(f"{__name__}.{module.name}"))
        for module in pkgutil.iter_modules(__path__)
    ]
    return {channel.NAME: channel for channel in found}


def names() -> tuple[str, ...]:
    """Name every outside channel."""
    return tuple(_all())


def get(name: str) -> Channel:
    """Return a channel by its name.

    Raises: KeyError.
    """
    return _all()[name]


def profile_address(user: User, name: str) -> str:
    """Return one of the further addresses of a user's profile."""
    profile = getattr(user, "profile", None)
    addresses = getattr(profile, "addresses", None) or {}
    value = addresses.get(name, "")
    return value if isinstance(value, str) else ""
