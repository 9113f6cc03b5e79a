"""Mailings and their messages over HTTP."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.callers import caller_name
from apps.common import clock, idempotency
from apps.common.openapi import PERSON, SERVICE, described, errors
from apps.mailings import descriptions, pages, selectors, services
from apps.mailings.filters import MailingFilter, MessageFilter, StatusFilter
from apps.mailings.models import Mailing
from apps.mailings.permissions import MayRunMailings, author_of, require_audience
from apps.mailings.serializers import (
    FullInfo,
    Info,
    MailingBody,
    MailingPage,
    MessageBody,
    MessagePage,
    MessageRow,
    PreviewBody,
    Resent,
)
from apps.notifications.descriptions import IDEMPOTENCY_KEY

TAGS = ["Mailings"]
PERSON_OR_SERVICE = PERSON + SERVICE
_ONE: dict[int, Any] = {200: MailingBody, **errors(400, 401, 403, 404, 409, 413)}


class MailingsView(APIView):
    """All mailings."""

    permission_classes = [MayRunMailings]

    @described(
        summary="List mailings",
        description="Newest first.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.MAILINGS,
        responses={200: MailingPage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List."""
        rows = pages.filtered(MailingFilter, request, selectors.mailings())
        return pages.listed(request, rows, shown=MailingBody)

    @described(
        summary="Write a mailing",
        description=(
            "It runs at once if its dates say so, or starts by itself at `date_start`, "
            "unless `status` is `draft`. A mailing to everyone (no filter) needs the "
            "scope `mailings:all` of a service."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[IDEMPOTENCY_KEY],
        request_body=MailingBody,
        responses={201: MailingBody, **errors(400, 401, 403, 409, 413, 422)},
    )
    def post(self, request: Request) -> Response:
        """Write."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(_created(request), status=HTTPStatus.CREATED),
        )


class MailingView(APIView):
    """One mailing."""

    permission_classes = [MayRunMailings]

    @described(
        summary="Show a mailing",
        description="With what its messages come to.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID],
        responses={200: MailingBody, **errors(401, 403, 404)},
    )
    def get(self, request: Request, mailing_id: int) -> Response:
        """Show."""
        return Response(_shown(mailing_id))

    @described(
        summary="Change a mailing",
        description=(
            "What is left out stays. Once it has started, text and filter cannot "
            "change (409); a new end or new hours plan anew what is not sent."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID],
        request_body=MailingBody(partial=True),
        responses=_ONE,
    )
    def put(self, request: Request, mailing_id: int) -> Response:
        """Change."""
        return Response(_updated(request, mailing_id))

    @described(
        summary="Change a part of a mailing",
        description="The same as PUT.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID],
        request_body=MailingBody(partial=True),
        responses=_ONE,
    )
    def patch(self, request: Request, mailing_id: int) -> Response:
        """Change."""
        return Response(_updated(request, mailing_id))

    @described(
        summary="Delete a mailing",
        description="Cancels what is not sent; its messages are kept as evidence.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID],
        responses={204: "Deleted.", **errors(401, 403, 404)},
    )
    def delete(self, request: Request, mailing_id: int) -> Response:
        """Delete."""
        with pages.refusing():
            services.delete(mailing_id, by=author_of(request))
        return Response(status=HTTPStatus.NO_CONTENT)


class FullInfoView(APIView):
    """What all mailings come to."""

    permission_classes = [MayRunMailings]

    @described(
        summary="Show all mailings with their numbers",
        description="All together, and a page of them, newest first.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.PAGING,
        responses={200: FullInfo, **errors(401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """Show."""
        count, counts = selectors.all_counts()
        rows = selectors.mailings()
        page = pages.listed(request, rows, shown=MailingBody, count=count)
        return Response({"mailings": count, "counts": counts, **page.data})


class InfoView(APIView):
    """One mailing and its messages."""

    permission_classes = [MayRunMailings]

    @described(
        summary="Show a mailing with its messages",
        description="Its numbers, and a page of its messages, newest first.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID, *descriptions.INFO],
        responses={200: Info, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request, mailing_id: int) -> Response:
        """Show."""
        with pages.refusing():
            mailing = selectors.mailings().get(pk=mailing_id)
        counts = selectors.counts(mailing)
        rows = selectors.messages().filter(mailing=mailing)
        found = pages.filtered(StatusFilter, request, rows)
        status = request.query_params.get("sending_status", "")
        count = selectors.having(mailing, status)
        page = pages.listed(request, found, shown=MessageRow, count=count)
        return Response(
            {
                "mailing": MailingBody(mailing).data,
                "counts": counts,
                "messages": page.data,
            }
        )


class PreviewView(APIView):
    """What a mailing would do."""

    permission_classes = [MayRunMailings]

    @described(
        summary="Show what a mailing would do",
        description="How many clients match, how long the text is, when zones open.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID],
        responses={200: PreviewBody, **errors(401, 403, 404)},
    )
    def get(self, request: Request, mailing_id: int) -> Response:
        """Show."""
        with pages.refusing():
            mailing = selectors.mailings().get(pk=mailing_id)
        found = selectors.preview(mailing, now=clock.now())
        return Response(PreviewBody(found).data)


class _ActionView(APIView):
    """An act on one mailing."""

    permission_classes = [MayRunMailings]
    act: Callable[..., Mailing]

    def _done(self, request: Request, mailing_id: int) -> Response:
        with pages.refusing():
            type(self).act(mailing_id, by=author_of(request))
        return Response(_shown(mailing_id))


Act = Callable[[Any, Request, int], Response]


def _described_act(summary: str, description: str) -> Callable[[Act], Act]:
    return described(
        summary=summary,
        description=description,
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID],
        request_body=descriptions.NOTHING,
        responses={200: MailingBody, **errors(401, 403, 404, 409)},
    )


class StartView(_ActionView):
    """Start."""

    act = services.start

    @_described_act("Start a mailing", "A draft; or what is scheduled, at once.")
    def post(self, request: Request, mailing_id: int) -> Response:
        """Start."""
        with pages.refusing():
            found = selectors.mailings().get(pk=mailing_id)
        require_audience(request, found.tag, found.mobile_operator_code)
        return self._done(request, mailing_id)


class PauseView(_ActionView):
    """Pause."""

    act = services.pause

    @_described_act("Pause a mailing", "Nothing more leaves, within 2 seconds.")
    def post(self, request: Request, mailing_id: int) -> Response:
        """Pause."""
        return self._done(request, mailing_id)


class ResumeView(_ActionView):
    """Resume."""

    act = services.resume

    @_described_act("Resume a mailing", "It goes on where it was paused.")
    def post(self, request: Request, mailing_id: int) -> Response:
        """Resume."""
        return self._done(request, mailing_id)


class CancelView(_ActionView):
    """Cancel."""

    act = services.cancel

    @_described_act("Cancel a mailing", "For good; what is under way still counts.")
    def post(self, request: Request, mailing_id: int) -> Response:
        """Cancel."""
        return self._done(request, mailing_id)


class CopyView(_ActionView):
    """Copy."""

    @described(
        summary="Copy a mailing",
        description="A draft with the same text, filter and hours, from now on.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID],
        request_body=descriptions.NOTHING,
        responses={201: MailingBody, **errors(401, 403, 404)},
    )
    def post(self, request: Request, mailing_id: int) -> Response:
        """Copy."""
        with pages.refusing():
            copy = services.copy(mailing_id, by=author_of(request))
        return Response(_shown(copy.pk), status=HTTPStatus.CREATED)


class ResendView(_ActionView):
    """Send again."""

    @described(
        summary="Send again what failed",
        description="Only messages that surely reached nobody, with the same ids.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MAILING_ID],
        request_body=descriptions.NOTHING,
        responses={200: Resent, **errors(401, 403, 404, 409)},
    )
    def post(self, request: Request, mailing_id: int) -> Response:
        """Send again."""
        with pages.refusing():
            count = services.resend_failed(mailing_id, by=author_of(request))
        return Response({"resent": count, "mailing": _shown(mailing_id)})


class MessagesView(APIView):
    """All messages."""

    permission_classes = [MayRunMailings]

    @described(
        summary="List messages",
        description="Newest first, with masked numbers.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.MESSAGES,
        responses={200: MessagePage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List."""
        rows = pages.filtered(MessageFilter, request, selectors.messages())
        return pages.listed(request, rows, shown=MessageRow)


class MessageView(APIView):
    """One message."""

    permission_classes = [MayRunMailings]

    @described(
        summary="Show a message",
        description="With every try and what the gateway said.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.MESSAGE_ID],
        responses={200: MessageBody, **errors(401, 403, 404)},
    )
    def get(self, request: Request, message_id: int) -> Response:
        """Show."""
        rows = selectors.messages().prefetch_related("tries")
        with pages.refusing():
            return Response(MessageBody(rows.get(pk=message_id)).data)


def _shown(mailing_id: int) -> Any:
    with pages.refusing():
        return MailingBody(selectors.mailings().get(pk=mailing_id)).data


def _created(request: Request) -> Any:
    body = MailingBody(data=request.data)
    body.is_valid(raise_exception=True)
    given = body.validated_data
    require_audience(
        request, given.get("tag", ""), given.get("mobile_operator_code", "")
    )
    with pages.refusing():
        return _shown(services.create(given, by=author_of(request)).pk)


def _updated(request: Request, mailing_id: int) -> Any:
    body = MailingBody(data=request.data, partial=True)
    with pages.refusing():
        found = selectors.mailings().get(pk=mailing_id)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        require_audience(
            request,
            given.get("tag", found.tag),
            given.get("mobile_operator_code", found.mobile_operator_code),
        )
        services.update(mailing_id, given, by=author_of(request))
        return _shown(mailing_id)
