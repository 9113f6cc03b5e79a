"""Sending events over HTTP, and what became of it."""

from typing import Any

from django.http import Http404
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.callers import caller_name, service_of
from apps.common import idempotency
from apps.common.errors import Conflict
from apps.common.openapi import described, errors
from apps.events import descriptions, pages, selectors, sends
from apps.events.filters import MessageFilter
from apps.events.models import EventMessage
from apps.events.permissions import SEND, SMS, MayUseEvents, owner_of
from apps.events.send_serializers import (
    EventMessageBody,
    EventMessagePage,
    EventMessageRow,
    SendAnswer,
    SendEventBody,
)
from apps.events.sends import SendError
from apps.events.views import PERSON_OR_SERVICE, TAGS, found
from apps.notifications import services as notifications
from apps.notifications.deliveries import NotPossibleError
from apps.notifications.descriptions import IDEMPOTENCY_KEY
from apps.notifications.policy import LARGEST_ID


class SendEventView(APIView):
    """An event sent."""

    permission_classes = [MayUseEvents]
    scopes = {"POST": (SEND,)}

    @described(
        summary="Send an event",
        description=(
            "To users and addresses, by the channels that are named. Everything is "
            "checked before anything is queued: a 400 names every variable, recipient "
            "and attachment that is missing. Needs the scope `events:send`, for `sms` "
            "`sms:send` too. What became of each is under "
            "`/api/events/{event_id}/notifications/`."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.EVENT_ID, IDEMPOTENCY_KEY],
        request_body=SendEventBody,
        responses={202: SendAnswer, **errors(400, 401, 403, 404, 409, 413, 422)},
    )
    def post(self, request: Request, event_id: int) -> Response:
        """Send."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(_sent(request, event_id), status=202),
        )


class MessagesView(APIView):
    """What an event's sends became."""

    permission_classes = [MayUseEvents]
    scopes = {"GET": (SEND,)}

    @described(
        summary="List what an event has sent",
        description=(
            "One row for each recipient and channel, newest first, with its status; "
            "addresses are masked. The filters combine."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.EVENT_ID, *descriptions.MESSAGES],
        responses={200: EventMessagePage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request, event_id: int) -> Response:
        """List."""
        event = found(request, event_id)
        rows = selectors.messages(None).filter(event=event)
        return pages.listed(request, rows, filters=MessageFilter, shown=EventMessageRow)


class MessageView(APIView):
    """What one notification of an event became."""

    permission_classes = [MayUseEvents]
    scopes = {"GET": (SEND,)}

    @described(
        summary="Show what became of a notification of an event",
        description="With every attempt and what the provider said.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MESSAGE_ID],
        responses={200: EventMessageBody, **errors(401, 403, 404)},
    )
    def get(self, request: Request, message_id: int) -> Response:
        """Show."""
        return Response(EventMessageBody(_message(request, message_id)).data)


class ResendView(APIView):
    """A notification of an event, sent again."""

    permission_classes = [MayUseEvents]
    scopes = {"POST": (SEND,)}

    @described(
        summary="Send a notification of an event again",
        description=(
            "Begins a new round on the same notification. 409 while an attempt is on "
            "its way, and for what is on the page alone."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MESSAGE_ID, IDEMPOTENCY_KEY],
        responses={202: EventMessageBody, **errors(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, message_id: int) -> Response:
        """Send again."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(_sent_again(request, message_id), status=202),
        )


def _sent(request: Request, event_id: int) -> Any:
    event = found(request, event_id)
    body = SendEventBody(data=request.data)
    body.is_valid(raise_exception=True)
    parts = body.parts
    _require_sms(request, {part.channel for part in parts})
    try:
        return SendAnswer(sends.send(event, parts, source=caller_name(request))).data
    except SendError as error:
        raise ValidationError(error.errors) from error


def _sent_again(request: Request, message_id: int) -> Any:
    row = _message(request, message_id)
    _require_sms(request, {row.channel})
    if row.channel == sends.IN_APP:
        raise Conflict("It is on the page alone, and stays there.")
    try:
        notifications.resend(row.notification_id)
    except NotPossibleError as error:
        raise Conflict(str(error)) from error
    return EventMessageBody(_message(request, message_id)).data


def _message(request: Request, message_id: int) -> EventMessage:
    mine = selectors.messages(owner_of(request))
    # SQLite fails on a number that it cannot hold.
    row = mine.filter(notification=min(message_id, LARGEST_ID)).first()
    if row is None:
        raise Http404
    return row


def _require_sms(request: Request, channels: set[str]) -> None:
    """Let services send SMS only where their key says so: each costs money."""
    key = service_of(request)
    if "sms" in channels and key is not None and SMS not in key.scopes:
        raise PermissionDenied(f"Sending SMS needs the scope {SMS}.", code="no_sms")
