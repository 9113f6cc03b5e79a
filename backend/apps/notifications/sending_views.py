"""Sending over HTTP, for administrators and services."""

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.callers import caller_name
from apps.accounts.permissions import HasScope
from apps.common import idempotency
from apps.common.openapi import PERSON, SERVICE, described, errors
from apps.notifications import descriptions, pages, selectors, sending
from apps.notifications.serializers import (
    BroadcastPage,
    BroadcastProgress,
    BroadcastRequest,
    BulkAnswer,
    BulkDescription,
    SendRequest,
    Sent,
)

TAGS = ["Sending"]
PERSON_OR_SERVICE = PERSON + SERVICE
_REFUSALS = errors(400, 401, 403, 404, 409, 413, 422)


class SendView(APIView):
    """One notification."""

    permission_classes = [HasScope]
    required_scope = "notify:send"
    allow_admins = True

    @described(
        summary="Send a notification to a user",
        description=(
            "For administrators and service keys with the scope `notify:send`. It "
            "needs a payload or a title; the payload is kept to the letter."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.IDEMPOTENCY_KEY],
        field_inspectors=descriptions.INSPECTORS,
        request_body=SendRequest,
        responses={200: Sent, **_REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Send."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(Sent(sending.send(request)).data),
        )


class BulkView(APIView):
    """Many notifications."""

    permission_classes = [HasScope]
    required_scope = "notify:send"
    allow_admins = True

    @described(
        summary="Send up to 500 notifications",
        description=(
            "With a result for each, in order: the right ones are sent, in one "
            "transaction, even if others are refused."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.IDEMPOTENCY_KEY],
        field_inspectors=descriptions.INSPECTORS,
        request_body=BulkDescription,
        responses={200: BulkAnswer, **_REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Send."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response({"results": sending.send_bulk(request)}),
        )


class BroadcastView(APIView):
    """A message to many."""

    permission_classes = [HasScope]
    required_scope = "notify:broadcast"
    allow_admins = True

    @described(
        summary="Send to a team or to everyone",
        description=(
            "For administrators and service keys with the scope `notify:broadcast`. "
            "A worker sends it in chunks; its progress is under "
            "`/api/notifications/broadcasts/{id}/`."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.IDEMPOTENCY_KEY],
        field_inspectors=descriptions.INSPECTORS,
        request_body=BroadcastRequest,
        responses={202: BroadcastProgress, **_REFUSALS},
    )
    def post(self, request: Request) -> Response:
        """Store the broadcast."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(
                BroadcastProgress(sending.send_broadcast(request)).data,
                status=202,
            ),
        )


class BroadcastsView(APIView):
    """The broadcasts."""

    permission_classes = [HasScope]
    required_scope = "notify:broadcast"
    allow_admins = True

    @described(
        summary="List broadcasts",
        description="Newest first, with their progress.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.BROADCASTS,
        responses={200: BroadcastPage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List."""
        return pages.broadcasts(request)


class BroadcastDetailView(APIView):
    """One broadcast."""

    permission_classes = [HasScope]
    required_scope = "notify:broadcast"
    allow_admins = True

    @described(
        summary="Show how far a broadcast is",
        description="`sent` grows up to about `recipients`; users may come and go.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.BROADCAST_ID],
        responses={200: BroadcastProgress, **errors(401, 403, 404)},
    )
    def get(self, request: Request, broadcast_id: int) -> Response:
        """Show."""
        row = selectors.broadcasts().filter(pk=broadcast_id).first()
        if row is None:
            raise Http404
        return Response(BroadcastProgress(row).data)
