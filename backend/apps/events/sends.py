"""Sending an event: checked whole, then queued whole.

What is for many is a row that a worker fans out in chunks, like a broadcast.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.db import transaction

from apps.accounts import selectors as accounts
from apps.common import chunks, clock
from apps.common.requests import current_request_id
from apps.delivery.base import Attachment, Content
from apps.events import policy, recipients, selectors
from apps.events.models import (
    Event,
    EventMessage,
    EventSend,
    EventSendPart,
    SendStatus,
)
from apps.events.policy import TemplateText
from apps.events.recipients import Part, People
from apps.notifications import services as notifications
from apps.notifications import waking
from apps.notifications.policy import BODY_LENGTH, NOBODY, TITLE_LENGTH, Draft

AT_ONCE = 500
RECIPIENTS_AT_MOST = 50_000
IN_APP = "in_app"
TASK = "events.run_sends"
_MISSING = "Missing: the template needs it."


class SendError(ValueError):
    """A send that cannot be; `errors` says why, by channel and field."""

    def __init__(self, errors: Mapping[str, Any]) -> None:
        """Keep the errors."""
        self.errors = dict(errors)
        super().__init__(f"wrong: {', '.join(self.errors)}")

    def told(self) -> str:
        """Say it in one line, for people."""
        return "; ".join(
            f"{name}: {' '.join(texts)}" for name, texts in self.flat().items()
        )

    def flat(self) -> dict[str, list[str]]:
        """Return the errors by path, such as `email.metadata.name`."""
        return flat(self.errors)


def flat(errors: Mapping[str, Any]) -> dict[str, list[str]]:
    """Turn errors within errors into errors by path."""
    found: dict[str, list[str]] = {}
    for name, error in errors.items():
        if isinstance(error, Mapping):
            inner = flat({str(key): each for key, each in error.items()})
            found |= {f"{name}.{path}": texts for path, texts in inner.items()}
        else:
            found[str(name)] = [str(text) for text in error]
    return found


@dataclass(frozen=True)
class Prepared:
    """A send that is right, before it is stored."""

    event: Event
    parts: list[EventSendPart]
    recipients: dict[str, int]

    @property
    def total(self) -> int:
        """Say how many are to be told."""
        return sum(self.recipients.values())


@dataclass(frozen=True)
class _Told:
    """One who is to be told now: a user with a language, or an address."""

    part: EventSendPart
    user_id: int
    address: str
    language: str


def send(event: Event, parts: Sequence[Part], *, source: str) -> EventSend:
    """Tell people of an event.

    At most 500 are queued at once, more by a worker, 500 at a time.

    Raises: SendError naming everything that is wrong; nothing is queued then.
    """
    ready = prepared(event, parts)
    with transaction.atomic():
        if ready.total > AT_ONCE:
            return queue(ready, source=source)
        row = _stored(ready, source=source)
        _fan_out(row, ready.parts)
    return row


def queue(ready: Prepared, *, source: str) -> EventSend:
    """Store a send for a worker, which is woken after the commit."""
    with transaction.atomic():
        row = _stored(ready, source=source)
        transaction.on_commit(partial(waking.wake, TASK), robust=True)
    return row


def prepared(event: Event, parts: Sequence[Part]) -> Prepared:
    """Check a send whole, and fill its templates.

    Raises: SendError naming everything that is wrong.
    """
    ready = _checked(event, parts, recipients.looked_up(parts))
    counts = {part.channel: len(part.user_ids) + len(part.addresses) for part in ready}
    if sum(counts.values()) > RECIPIENTS_AT_MOST:
        message = f"At most {RECIPIENTS_AT_MOST} recipients in one call."
        raise SendError({"non_field_errors": [message]})
    return Prepared(event, ready, counts)


def send_next_chunk(besides: Collection[int] = ()) -> bool:
    """Queue the next 500 of an unfinished send; False when there is nothing to do.

    besides: the ids of sends to pass over.

    Raises: ChunkFailed naming the send.
    """
    unfinished = EventSend.objects.filter(status=SendStatus.QUEUED).order_by("id")
    return chunks.next_chunk(unfinished, _send_chunk, besides=besides)


def _send_chunk(row: EventSend) -> None:
    _fan_out(row, list(row.parts.order_by("id")))


def _checked(
    event: Event,
    parts: Sequence[Part],
    people: People,
) -> list[EventSendPart]:
    by_channel: dict[str, list[TemplateText]] = {}
    for template in selectors.templates_of(event):
        by_channel.setdefault(template.channel, []).append(template)
    errors: dict[str, Any] = {}
    ready = []
    for part in parts:
        templates = by_channel.get(part.channel, [])
        contents, wrong = _filled(part, templates)
        wrong |= recipients.errors(part, people, templates)
        if wrong:
            errors[part.channel] = wrong
        ready.append(
            EventSendPart(
                channel=part.channel,
                contents=contents,
                attachments=list(part.attachments),
                language=part.language,
                user_ids=people.of(part),
                addresses=list(dict.fromkeys(part.addresses)),
            )
        )
    if errors:
        raise SendError(errors)
    return ready


def _stored(ready: Prepared, *, source: str) -> EventSend:
    row = EventSend.objects.create(
        event=ready.event,
        source=source,
        request_id=current_request_id(),
        created_at=clock.now(),
        recipients=ready.recipients,
        total=ready.total,
    )
    for part in ready.parts:
        part.send = row
    EventSendPart.objects.bulk_create(ready.parts)
    return row


def _filled(
    part: Part,
    templates: Sequence[TemplateText],
) -> tuple[dict[str, dict[str, str]], dict[str, Any]]:
    """Fill the template of each locale; return them, and what is wrong."""
    if not templates:
        return {}, {"template": [f"The event has no template for {part.channel}."]}
    made = {each.locale: policy.rendered(each, part.metadata) for each in templates}
    missing = {name for each in made.values() for name in each.missing}
    wrong: dict[str, Any] = {}
    if missing:
        wrong["metadata"] = {name: [_MISSING] for name in sorted(missing)}
    in_template = {
        f"{name} ({locale})": texts
        for locale, each in made.items()
        for name, texts in each.errors.items()
    }
    if in_template:
        wrong["template"] = in_template
    contents = {
        locale: {
            name: value
            for name, value in asdict(each).items()
            if isinstance(value, str) and value
        }
        for locale, each in made.items()
    }
    return contents, wrong


def _fan_out(row: EventSend, parts: Sequence[EventSendPart]) -> None:
    """Queue up to 500, and finish the send with the last of them."""
    told = list(_next(parts))
    user_ids = sorted({each.user_id for each in told if each.user_id})
    languages = accounts.languages(user_ids=user_ids)
    there = [each for each in told if not each.user_id or each.user_id in languages]
    drafts = [_draft(row, each, languages) for each in there]
    made = notifications.notify_many(drafts)
    EventMessage.objects.bulk_create(
        EventMessage(
            event_id=row.event_id,
            send=row,
            notification=notification,
            channel=each.part.channel,
        )
        for each, notification in zip(there, made, strict=True)
    )
    row.sent += len(there)
    row.skipped += len(told) - len(there)
    if row.sent + row.skipped >= row.total:
        row.status = SendStatus.DONE
        # The addresses and texts live on where they are needed: at the notifications.
        row.parts.all().delete()
    else:
        EventSendPart.objects.bulk_update(parts, ["cursor"])
    row.save(update_fields=["sent", "skipped", "status"])


def _next(parts: Sequence[EventSendPart]) -> Iterator[_Told]:
    """Take the next 500 of the parts, users before addresses, moving the cursors."""
    left = AT_ONCE
    for part in parts:
        users, addresses = part.user_ids, part.addresses
        end = min(part.cursor + left, len(users) + len(addresses))
        for number in range(part.cursor, end):
            is_user = number < len(users)
            yield _Told(
                part,
                user_id=users[number] if is_user else NOBODY,
                address="" if is_user else addresses[number - len(users)],
                language="" if is_user else part.language,
            )
        left -= end - part.cursor
        part.cursor = end


def _draft(row: EventSend, told: _Told, languages: Mapping[int, str]) -> Draft:
    part, event = told.part, row.event
    locale = policy.best_locale(
        list(part.contents),
        language=languages.get(told.user_id, told.language),
        default=event.default_language,
    )
    said: Mapping[str, str] = part.contents[locale]
    content = Content(
        subject=said.get("subject", ""),
        text=said.get("text", ""),
        html=said.get("html", ""),
        payload=said.get("payload", ""),
        attachments=tuple(Attachment(url=url) for url in part.attachments),
    )
    is_outside = part.channel != IN_APP
    return Draft(
        recipient_id=told.user_id,
        title=(content.subject or event.name)[:TITLE_LENGTH],
        body=content.text[:BODY_LENGTH],
        severity=event.severity,
        kind=event.kind,
        url=said.get("url", ""),
        source=row.source,
        request_id=row.request_id,
        channels=(part.channel,),
        contents={part.channel: content} if is_outside else None,
        addresses={part.channel: told.address} if told.address else None,
    )
