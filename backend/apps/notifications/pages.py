"""The lists that are answered page by page."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django_filters.filterset import FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.pagination import Pages
from apps.notifications import selectors
from apps.notifications.filters import BroadcastFilter, InboxFilter
from apps.notifications.selectors import Head
from apps.notifications.serializers import (
    BroadcastProgress,
    InboxItem,
    StreamPosition,
)

Row = TypeVar("Row", bound=Model)


class _InboxPages(Pages):
    def __init__(self, head: Head) -> None:
        self._head = head

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        position = StreamPosition(self._head.position).data
        response.data |= {"stream": position, "unread": self._head.unread}
        return response


def inbox(request: Request, user_id: int) -> Response:
    """Answer with a page of a user's inbox.

    The position is read before the rows: a socket that resumes from it is sent again
    what the page has already, and never misses what it has not.

    Raises: ValidationError for a filter that cannot be, NotFound for such a page.
    """
    pages = _InboxPages(selectors.head(user_id))
    filtered = _filtered(InboxFilter, request, selectors.inbox(user_id))
    rows = pages.paginate_queryset(filtered, request)
    return pages.get_paginated_response(InboxItem(rows, many=True).data)


def broadcasts(request: Request) -> Response:
    """Answer with a page of all broadcasts.

    Raises: ValidationError for a filter that cannot be, NotFound for such a page.
    """
    pages = Pages()
    filtered = _filtered(BroadcastFilter, request, selectors.broadcasts())
    rows = pages.paginate_queryset(filtered, request)
    return pages.get_paginated_response(BroadcastProgress(rows, many=True).data)


def _filtered(
    filters: type[FilterSet],
    request: Request,
    rows: QuerySet[Row],
) -> QuerySet[Row]:
    found = filters(request.query_params, rows)
    if not found.is_valid():
        raise ValidationError(found.errors)
    filtered: QuerySet[Row] = found.qs
    return filtered
