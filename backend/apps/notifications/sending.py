"""From the body of a request to what is sent: the HTTP entrance."""

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request

from apps.accounts.callers import caller_name
from apps.accounts.models import Team, User
from apps.common.errors import TooLarge
from apps.notifications import broadcasts, entries, services
from apps.notifications.entries import NO_USER, Entry, Refusal
from apps.notifications.models import Broadcast, Notification
from apps.notifications.policy import Draft, DraftError, Message, PayloadTooLargeError
from apps.notifications.serializers import (
    BroadcastRequest,
    BulkRequest,
    SendRequest,
    sent,
)


class _BulkBody(msgspec.Struct):
    notifications: list[msgspec.Raw]


def send(request: Request) -> Notification:
    """Send the one notification of a request.

    Raises: ValidationError, TooLarge, NotFound for an unknown user.
    """
    entry = _entry(request.data, _raw_body(request), source=caller_name(request))
    [draft] = entries.with_recipients([entry])
    if isinstance(draft, Refusal):
        raise _user_not_found()
    return _stored([draft])[0]


def send_bulk(request: Request) -> list[dict[str, Any]]:
    """Send what is right of up to 500 notifications, in one transaction.

    Raises: ValidationError when the list itself is wrong.
    """
    items = _listed(request.data)
    raws = msgspec.json.decode(_raw_body(request), type=_BulkBody).notifications
    source = caller_name(request)
    drafts = entries.with_recipients(
        [
            _entry_or_refusal(item, bytes(raw), source=source)
            for item, raw in zip(items, raws, strict=True)
        ],
    )
    stored = _stored([each for each in drafts if isinstance(each, Draft)])
    rows = iter(map(sent, stored))
    return [
        {"status": "error", "code": each.code, "errors": each.errors}
        if isinstance(each, Refusal)
        else {"status": "created", **next(rows)}
        for each in drafts
    ]


def send_broadcast(request: Request) -> Broadcast:
    """Store the broadcast of a request.

    Raises: ValidationError, TooLarge, NotFound for an unknown team.
    """
    body = BroadcastRequest(data=request.data)
    body.is_valid(raise_exception=True)
    team_id = body.validated_data.get("team_id")
    if team_id is not None and not Team.objects.filter(pk=team_id).exists():
        raise NotFound("There is no such team.", code="team_not_found")
    try:
        said = entries.said(body.validated_data, _raw_body(request))
        message = cast("Message", said | {"source": caller_name(request)})
        return broadcasts.broadcast(broadcasts.Audience(team_id), message)
    except DraftError as error:
        raise _translated(error) from error


def _entry(data: object, raw: bytes, *, source: str) -> Entry:
    body = SendRequest(data=data)
    body.is_valid(raise_exception=True)
    try:
        return entries.checked(body.validated_data, raw, source=source)
    except DraftError as error:
        raise _translated(error) from error


def _entry_or_refusal(data: object, raw: bytes, *, source: str) -> Entry | Refusal:
    entry = entries.plain(raw, source=source)
    if entry is not None:
        return entry
    try:
        return _entry(data, raw, source=source)
    except ValidationError as error:
        return Refusal("invalid", error.detail)
    except TooLarge as error:
        return Refusal("payload_too_large", {"payload": [error.detail]})


def _stored(drafts: Sequence[Draft]) -> list[Notification]:
    try:
        return services.notify_many(drafts)
    except User.DoesNotExist as error:
        # Somebody was disabled since the recipients were looked up.
        raise _user_not_found() from error


def _listed(data: object) -> list[object]:
    body = BulkRequest(data=data)
    body.is_valid(raise_exception=True)
    items = body.validated_data["notifications"]
    assert isinstance(items, list)  # noqa: S101  (narrows the serializer's Any)
    return items


def _translated(error: DraftError) -> APIException:
    if isinstance(error, PayloadTooLargeError):
        return TooLarge(" ".join(error.errors["payload"]), code=error.code)
    return ValidationError(error.errors)


def _user_not_found() -> NotFound:
    return NotFound("There is no such user.", code=NO_USER.code)


def _raw_body(request: Request) -> bytes:
    return getattr(request, "raw_body", b"{}")
