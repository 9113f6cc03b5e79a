"""Who is to be told: what a call says, looked up and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.delivery import channels as outside
from apps.delivery import http
from apps.events.policy import TemplateText
from apps.notifications import selectors as notifications

NAMED_AT_MOST = 10
_LOOKED_UP_AT_ONCE = 5000
# What a list of addresses is called; for a channel that is not here it is `to`.
_ADDRESS_FIELDS = {
    "email": "to_email",
    "sms": "to_phone_number",
    "telegram": "to_chat_id",
    "webhook": "to_url",
}


def address_field(channel: str) -> str:
    """Name the field with a channel's addresses."""
    return _ADDRESS_FIELDS.get(channel, "to")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a call says of one channel.

    `language` is that of the addresses; users have their own.
    """

    channel: str
    user_ids: Sequence[int] = ()
    external_ids: Sequence[str] = ()
    addresses: Sequence[str] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attachments: Sequence[str] = ()
    language: str = ""


@dataclass(frozen=True)
class People:
    """Which of the users that are named there are."""

    active: frozenset[int]
    by_external_id: Mapping[str, int]

    def of(self, part: Part) -> list[int]:
        """Return the ids of a part's users, each once, in their order."""
        found = [self.by_external_id.get(each) for each in part.external_ids]
        named = [*part.user_ids, *(each for each in found if each is not None)]
        return [each for each in dict.fromkeys(named) if each in self.active]


def looked_up(parts: Sequence[Part]) -> People:
    """Find all users that are named, in few queries."""
    user_ids = sorted({each for part in parts for each in part.user_ids})
    external_ids = sorted({each for part in parts for each in part.external_ids})
    active: set[int] = set()
    by_external_id: dict[str, int] = {}
    for some in _pieces(user_ids):
        active |= notifications.recipients(user_ids=set(some), external_ids=set())[0]
    for texts in _pieces(external_ids):
        found = notifications.recipients(user_ids=set(), external_ids=set(texts))[1]
        by_external_id.update(found)
    return People(frozenset(active | set(by_external_id.values())), by_external_id)


def errors(
    part: Part,
    people: People,
    templates: Sequence[TemplateText],
) -> dict[str, list[str]]:
    """Say what is wrong with whom a part is for and what is attached."""
    found = {
        "user_ids": _absent(
            [each for each in part.user_ids if each not in people.active]
        ),
        "external_ids": _absent(
            [each for each in part.external_ids if each not in people.by_external_id]
        ),
        address_field(part.channel): _address_errors(part),
        "attachments": _attachment_errors(part, templates),
    }
    if not (part.user_ids or part.external_ids or part.addresses):
        names = ["user_ids", "external_ids"]
        if part.channel in outside.names():
            names.append(address_field(part.channel))
        found["user_ids"] = [f"Name at least one recipient: {', '.join(names)}."]
    return {name: texts for name, texts in found.items() if texts}


def _pieces(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [
        values[begin : begin + _LOOKED_UP_AT_ONCE]
        for begin in range(0, len(values), _LOOKED_UP_AT_ONCE)
    ]


def _absent(named: Sequence[object]) -> list[str]:
    return [f"There is no active user {_listed(named)}."] if named else []


def _address_errors(part: Part) -> list[str]:
    if not part.addresses:
        return []
    is_address = outside.get(part.channel).is_address
    wrong = [each for each in part.addresses if not is_address(each)]
    return [f"Not an address: {_listed(wrong)}."] if wrong else []


def _attachment_errors(part: Part, templates: Sequence[TemplateText]) -> list[str]:
    wanted = max((each.attachments for each in templates), default=0)
    given = len(part.attachments)
    errors_found = []
    if given != wanted:
        errors_found.append(f"The template comes with {wanted}; here are {given}.")
    for number, url in enumerate(part.attachments, start=1):
        wrong = http.url_error(url)
        if wrong:
            errors_found.append(f"Number {number}: {wrong}")
    return errors_found


def _listed(values: Sequence[object]) -> str:
    shown = ", ".join(str(each)[:100] for each in values[:NAMED_AT_MOST])
    rest = len(values) - NAMED_AT_MOST
    return f"{shown} and {rest} more" if rest > 0 else shown
