"""What a sender may say about channels outside of the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from apps.delivery import channels as outside_channels
from apps.delivery.base import Content
from apps.notifications.ladder import IN_APP
from apps.notifications.models import DeliveryMode, DeliveryUntil

CONTENT_LIMIT = 262_144
ATTACHMENTS_AT_MOST = 10
LEAST_WAIT, MOST_WAIT = timedelta(seconds=1), timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The part of a draft that is about channels."""

    has_user: bool
    channels: tuple[str, ...]
    mode: str
    contents: Mapping[str, Content]
    addresses: Mapping[str, str]
    until: str
    wait: tuple[timedelta, ...]
    skip_if_online: bool


def known_channels() -> tuple[str, ...]:
    """Name the page and every outside channel."""
    return (IN_APP, *outside_channels.names())


def errors(wanted: Wanted) -> dict[str, str | None]:
    """Say for each field what is wrong with it, if anything is."""
    return {
        "channels": channels_error(wanted.channels) or _reach_error(wanted),
        "mode": _choice_error(wanted.mode, DeliveryMode.values),
        "until": _until_error(wanted),
        "wait": _wait_error(wanted.wait, wanted.channels),
        "addresses": _addresses_error(wanted),
        "contents": _contents_error(wanted),
        "skip_if_online": _online_error(wanted),
    }


def channels_error(channels: Sequence[str]) -> str | None:
    """Say what is wrong with a list of channels."""
    known = ", ".join(known_channels())
    if not channels:
        return f"Name at least one of {known}."
    unknown = sorted(set(channels) - set(known_channels()))
    if unknown:
        return f"There is no channel {', '.join(unknown)}; there are {known}."
    if len(set(channels)) != len(channels):
        return f"A channel may be named once; there are {known}."
    return None


def _reach_error(wanted: Wanted) -> str | None:
    if wanted.has_user:
        return None
    missing = [each for each in wanted.channels if each not in wanted.addresses]
    if missing:
        return f"Without a user, give an address for {', '.join(missing)}."
    return None


def _choice_error(value: str, choices: Sequence[str]) -> str | None:
    return None if value in choices else f"Must be one of {', '.join(choices)}."


def _until_error(wanted: Wanted) -> str | None:
    error = _choice_error(wanted.until, DeliveryUntil.values)
    if error:
        return error
    if wanted.until == DeliveryUntil.READ and IN_APP not in wanted.channels:
        return "Only what is in_app can be read; add it to the channels."
    return None


def _wait_error(wait: Sequence[timedelta], channels: Sequence[str]) -> str | None:
    if len(wait) > len(channels):
        return "At most one wait for each channel."
    if any(not LEAST_WAIT <= each <= MOST_WAIT for each in wait):
        return "Each wait must be 1 second to 7 days."
    return None


def _addresses_error(wanted: Wanted) -> str | None:
    for name, address in wanted.addresses.items():
        if name not in wanted.channels or name == IN_APP:
            return f"There is no outside channel {name} among the channels."
        if not outside_channels.get(name).is_address(address):
            return f"This is no address for {name}."
    return None


def _contents_error(wanted: Wanted) -> str | None:
    for name, content in wanted.contents.items():
        if name not in wanted.channels:
            return f"There is no channel {name} among the channels."
        if not content.text and not content.html and not content.payload:
            return f"The content for {name} has neither text nor html."
        size = len(content.text) + len(content.html) + len(content.payload)
        if size > CONTENT_LIMIT:
            return f"The content for {name} is longer than {CONTENT_LIMIT} characters."
        if len(content.attachments) > ATTACHMENTS_AT_MOST:
            return f"At most {ATTACHMENTS_AT_MOST} attachments for {name}."
    return None


def _online_error(wanted: Wanted) -> str | None:
    if wanted.skip_if_online and not wanted.has_user:
        return "Only a user can be online."
    return None
