"""Writing clients."""

from datetime import datetime
from typing import TypedDict

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts.validators import validate_phone, validate_timezone
from apps.common import clock
from apps.mailings import audit, counting, policy, progress
from apps.mailings.audit import Author
from apps.mailings.counting import Moves
from apps.mailings.models import DUE, TAG_LENGTH, Client, Message
from apps.mailings.policy import Errors, MailingError

TAKEN = "There is a client with this number already."


class ClientFields(TypedDict, total=False):
    """What can be written of a client."""

    phone_number: str
    tag: str
    timezone: str


def errors(fields: ClientFields) -> Errors:
    """Say what is wrong with what is given, by field."""
    found: Errors = {}
    try:
        validate_phone(fields.get("phone_number", "70000000000"))
    except ValidationError as error:
        found["phone_number"] = list(error.messages)
    try:
        validate_timezone(fields.get("timezone", "UTC"))
    except ValidationError as error:
        found["timezone"] = list(error.messages)
    tag = fields.get("tag", "")
    if len(tag) > TAG_LENGTH:
        found["tag"] = [f"At most {TAG_LENGTH} characters."]
    elif not tag.isprintable():
        found["tag"] = ["Without control characters."]
    return found


def create(fields: ClientFields) -> Client:
    """Store a client.

    Raises: MailingError naming every field that is wrong.
    """
    now = clock.now()
    client = Client(created_at=now, updated_at=now)
    _assign(client, fields)
    _save(client, is_new=True)
    return client


def update(client_id: int, fields: ClientFields) -> Client:
    """Change a client; messages that are written keep what they say.

    Raises: MailingError, Client.DoesNotExist.
    """
    with transaction.atomic():
        rows = Client.objects.select_for_update(no_key=True)
        client = rows.get(pk=client_id, deleted_at=None)
        _assign(client, fields)
        client.updated_at = clock.now()
        _save(client, is_new=False)
    return client


def _assign(client: Client, fields: ClientFields) -> None:
    found = errors(fields)
    if found:
        raise MailingError(found)
    client.phone_number = fields.get("phone_number", client.phone_number)
    client.tag = fields.get("tag", client.tag)
    client.timezone = fields.get("timezone", client.timezone)
    client.mobile_operator_code = client.phone_number[1:4]


def _save(client: Client, *, is_new: bool) -> None:
    try:
        with transaction.atomic():
            client.save(force_insert=is_new, force_update=not is_new)
    except IntegrityError as error:
        raise MailingError({"phone_number": [TAKEN]}) from error


def delete(client_id: int, *, by: Author) -> None:
    """Free a client's number and cancel what is not sent; the evidence stays.

    Raises: Client.DoesNotExist.
    """
    now = clock.now()
    with transaction.atomic():
        rows = Client.objects.select_for_update(no_key=True)
        client = rows.get(pk=client_id, deleted_at=None)
        client.deleted_at = client.updated_at = now
        client.save(update_fields=["deleted_at", "updated_at"])
        _cancel_messages(client, now=now)
        audit.log("delete client", by=by, now=now, detail=str(client))


def _cancel_messages(client: Client, *, now: datetime) -> None:
    # Few: one for each mailing that runs. What is being sent just now is cancelled by
    # the engine when it comes back unsent.
    rows = Message.objects.select_for_update(no_key=True)
    found = rows.filter(client=client, sending_status__in=DUE).order_by("mailing_id")
    for message in found:
        old = message.sending_status
        message.sending_status = policy.withdrawn(maybe_sent=message.maybe_sent)
        message.save(update_fields=["sending_status"])
        moves = Moves()
        moves.move(old, message.sending_status)
        counter = counting.apply(message.mailing_id, moves, now=now)
        progress.tell_watchers(counter, now=now)
