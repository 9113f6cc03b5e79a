"""The inbox of the caller; nobody else's is in reach."""

from uuid import UUID

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import devices
from apps.accounts.models import User
from apps.accounts.permissions import IsInboxOwner
from apps.common.openapi import PERSON, described, errors
from apps.notifications import descriptions, pages, selectors, services
from apps.notifications.serializers import (
    InboxCounts,
    InboxItem,
    InboxPage,
    ReadAllAnswer,
    ReadAllRequest,
)

TAGS = ["Inbox"]
_ITEM = {200: InboxItem, **errors(401, 403, 404)}


class InboxView(APIView):
    """The list."""

    permission_classes = [IsInboxOwner]

    @described(
        summary="List the caller's notifications",
        description=(
            "Newest first, without the archived; with `after` in ascending order. "
            "`stream` is the position from which a socket continues this list; it is "
            "read before the rows."
        ),
        tags=TAGS,
        security=PERSON,
        manual_parameters=descriptions.INBOX,
        field_inspectors=descriptions.INSPECTORS,
        responses={200: InboxPage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List."""
        return pages.inbox(request, _caller(request))


class CountsView(APIView):
    """The numbers."""

    permission_classes = [IsInboxOwner]

    @described(
        summary="Count the caller's notifications",
        description="`total` is without the archived, `by_severity` of the unread.",
        tags=TAGS,
        security=PERSON,
        responses={200: InboxCounts, **errors(401, 403)},
    )
    def get(self, request: Request) -> Response:
        """Count."""
        return Response(InboxCounts(selectors.counts(_caller(request))).data)


class ItemView(APIView):
    """One notification."""

    permission_classes = [IsInboxOwner]

    @described(
        summary="Show one of the caller's notifications",
        description="Archived, withdrawn and expired ones too, while they are kept.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.KEY],
        field_inspectors=descriptions.INSPECTORS,
        responses=_ITEM,
    )
    def get(self, request: Request, key: UUID) -> Response:
        """Show."""
        return _item(request, key)


class ReadView(APIView):
    """Read."""

    permission_classes = [IsInboxOwner]

    @described(
        summary="Mark as read",
        description="Also acknowledges it. Doing it again changes nothing.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.KEY],
        field_inspectors=descriptions.INSPECTORS,
        responses=_ITEM,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """Mark as read."""
        services.mark_read(_caller(request), [key], device=_device(request))
        return _item(request, key)


class UnreadView(APIView):
    """Unread."""

    permission_classes = [IsInboxOwner]

    @described(
        summary="Mark as unread",
        description="It stays acknowledged. Doing it again changes nothing.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.KEY],
        field_inspectors=descriptions.INSPECTORS,
        responses=_ITEM,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """Mark as unread."""
        services.mark_unread(_caller(request), [key])
        return _item(request, key)


class ArchiveView(APIView):
    """Archived."""

    permission_classes = [IsInboxOwner]

    @described(
        summary="Archive",
        description="It leaves the list and the counts, and is acknowledged.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.KEY],
        field_inspectors=descriptions.INSPECTORS,
        responses=_ITEM,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """Put away."""
        services.archive(_caller(request), [key], device=_device(request))
        return _item(request, key)


class UnarchiveView(APIView):
    """Back in the inbox."""

    permission_classes = [IsInboxOwner]

    @described(
        summary="Bring back from the archive",
        description="Read or unread as it was.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.KEY],
        field_inspectors=descriptions.INSPECTORS,
        responses=_ITEM,
    )
    def post(self, request: Request, key: UUID) -> Response:
        """Bring back."""
        services.unarchive(_caller(request), [key])
        return _item(request, key)


class ReadAllView(APIView):
    """Everything read."""

    permission_classes = [IsInboxOwner]

    @described(
        summary="Mark everything as read",
        description=(
            "Or everything up to a number: what came since the page was loaded stays "
            "unread."
        ),
        tags=TAGS,
        security=PERSON,
        request_body=ReadAllRequest,
        responses={200: ReadAllAnswer, **errors(400, 401, 403)},
    )
    def post(self, request: Request) -> Response:
        """Mark all as read."""
        body = ReadAllRequest(data=request.data)
        body.is_valid(raise_exception=True)
        user_id = _caller(request)
        updated = services.mark_all_read(
            user_id, body.validated_data.get("up_to"), device=_device(request)
        )
        return Response(
            {"updated": updated, "unread": selectors.unread_count(user_id)},
        )


def _caller(request: Request) -> int:
    assert isinstance(request.user, User)  # noqa: S101  (IsInboxOwner said so)
    return request.user.pk


def _device(request: Request) -> str:
    return devices.named(request.headers.get("User-Agent", "")) or "HTTP API"


def _item(request: Request, key: UUID) -> Response:
    row = selectors.inbox(_caller(request)).filter(key=key).first()
    if row is None:
        raise Http404
    return Response(InboxItem(row).data)
