"""From the body of a request to what is sent: the HTTP entrance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.request import Request

from apps.accounts.callers import caller_name
from apps.accounts.models import Team, User
from apps.common import clock
from apps.common.errors import TooLarge
from apps.notifications import broadcasts, policy, selectors, services
from apps.notifications.models import Broadcast, Notification
from apps.notifications.policy import Draft, DraftError, Message, PayloadTooLargeError
from apps.notifications.serializers import (
    BroadcastRequest,
    BulkRequest,
    MessageFields,
    SendRequest,
    Sent,
)

# Stands in a draft for the recipient that is not looked up yet.
_SOMEBODY = 1
_SAID = ("title", "body", "severity", "kind", "url", "expires_at")


@dataclass(frozen=True)
class _Entry:
    """A right notification; whether its recipient exists is yet to be seen."""

    draft: Draft
    external_id: str | None


@dataclass(frozen=True)
class _Refusal:
    """Why one notification of a bulk is not sent."""

    code: str
    errors: Any


_NO_USER = _Refusal("user_not_found", {"user_id": ["There is no such user."]})


class _BulkBody(msgspec.Struct):
    notifications: list[msgspec.Raw]


def send(request: Request) -> Notification:
    """Send the one notification of a request.

    Raises: ValidationError, TooLarge, NotFound for an unknown user.
    """
    entry = _entry(request.data, _raw_body(request), source=caller_name(request))
    [draft] = _with_recipients([entry])
    if isinstance(draft, _Refusal):
        raise _user_not_found()
    return _stored([draft])[0]


def send_bulk(request: Request) -> list[dict[str, Any]]:
    """Send what is right of up to 500 notifications, in one transaction.

    Raises: ValidationError when the list itself is wrong.
    """
    items = _listed(request.data)
    raws = msgspec.json.decode(_raw_body(request), type=_BulkBody).notifications
    source = caller_name(request)
    entries = [
        _entry_or_refusal(item, bytes(raw), source=source)
        for item, raw in zip(items, raws, strict=True)
    ]
    drafts = _with_recipients(entries)
    rows = iter(_stored([each for each in drafts if isinstance(each, Draft)]))
    return [
        {"status": "error", "code": each.code, "errors": each.errors}
        if isinstance(each, _Refusal)
        else {"status": "created", **Sent(next(rows)).data}
        for each in drafts
    ]


def send_broadcast(request: Request) -> Broadcast:
    """Store the broadcast of a request.

    Raises: ValidationError, TooLarge, NotFound for an unknown team.
    """
    body = BroadcastRequest(data=request.data)
    body.is_valid(raise_exception=True)
    message = _message(body, _raw_body(request), source=caller_name(request))
    team_id = body.validated_data.get("team_id")
    if team_id is not None and not Team.objects.filter(pk=team_id).exists():
        raise NotFound("There is no such team.", code="team_not_found")
    try:
        return broadcasts.broadcast(broadcasts.Audience(team_id), message)
    except DraftError as error:
        raise _translated(error) from error


def _entry(data: object, raw: bytes, *, source: str) -> _Entry:
    body = SendRequest(data=data)
    body.is_valid(raise_exception=True)
    message = _message(body, raw, source=source)
    recipient_id = body.validated_data.get("user_id", _SOMEBODY)
    try:
        draft = policy.completed(Draft(recipient_id, **message), now=clock.now())
    except DraftError as error:
        raise _translated(error) from error
    return _Entry(draft, body.validated_data.get("external_id"))


def _entry_or_refusal(data: object, raw: bytes, *, source: str) -> _Entry | _Refusal:
    try:
        return _entry(data, raw, source=source)
    except ValidationError as error:
        return _Refusal("invalid", error.detail)
    except TooLarge as error:
        return _Refusal("payload_too_large", {"payload": [error.detail]})


def _message(body: MessageFields, raw: bytes, *, source: str) -> Message:
    """Gather what is said; the payload as the text that came in."""
    fields = body.validated_data
    values: dict[str, Any] = {name: fields[name] for name in _SAID if name in fields}
    message = cast("Message", values | {"source": source})
    if "payload" in fields:
        text = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])["payload"]
        try:
            message["payload_text"] = policy.checked_text(bytes(text).decode())
        except DraftError as error:
            raise _translated(error) from error
    return message


def _with_recipients(
    entries: Sequence[_Entry | _Refusal],
) -> list[Draft | _Refusal]:
    """Find all recipients in one query."""
    right = [each for each in entries if isinstance(each, _Entry)]
    if not right:
        return [each for each in entries if isinstance(each, _Refusal)]
    active, by_external_id = selectors.recipients(
        user_ids={each.draft.recipient_id for each in right},
        external_ids={each.external_id for each in right if each.external_id},
    )

    def placed(each: _Entry | _Refusal) -> Draft | _Refusal:
        if isinstance(each, _Refusal):
            return each
        if each.external_id is None:
            return each.draft if each.draft.recipient_id in active else _NO_USER
        if each.external_id not in by_external_id:
            return _NO_USER
        return replace(each.draft, recipient_id=by_external_id[each.external_id])

    return [placed(each) for each in entries]


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
    return NotFound("There is no such user.", code=_NO_USER.code)


def _raw_body(request: Request) -> bytes:
    return getattr(request, "raw_body", b"{}")
