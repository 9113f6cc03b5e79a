"""The lists that are answered page by page, and refusals as answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404
from django_filters.filterset import FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.common.errors import Conflict
from apps.common.pagination import Pages
from apps.mailings.policy import MailingError, StateError

Row = TypeVar("Row", bound=Model)


class _Counted(Generic[Row]):
    """Rows as the paginator takes them, of which it is known how many there are.

    A page is found by its ids alone, in the index, and from the nearer end: far back
    in a million rows the others would all be read to be passed over.
    """

    ordered = True

    def __init__(self, rows: QuerySet[Row], count: int) -> None:
        self._rows = rows
        self._count = count

    def count(self) -> int:
        """Say how many there are."""
        return self._count

    def __getitem__(self, wanted: slice) -> QuerySet[Row]:
        """Return a page."""
        start, stop = wanted.start, min(wanted.stop, self._count)
        rows = self._rows
        if start > self._count // 2:
            rows = rows.reverse()
            start, stop = self._count - stop, self._count - start
        ids = rows.values("pk")[start:stop]
        page = self._rows.model._default_manager.filter(pk__in=ids)
        # What was joined for the rows (their counters) is joined for the page.
        page.query.select_related = self._rows.query.select_related
        return page.order_by(*self._rows.query.order_by)


@contextmanager
def refusing() -> Iterator[None]:
    """Answer what services refuse: 400 by field, 409 by state, 404."""
    try:
        yield
    except MailingError as error:
        raise ValidationError(error.errors) from error
    except StateError as error:
        raise Conflict(str(error)) from error
    except ObjectDoesNotExist as error:
        raise Http404 from error


def filtered(
    filters: type[FilterSet], request: Request, rows: QuerySet[Row]
) -> QuerySet[Row]:
    """Narrow the rows by the query's parameters.

    Raises: ValidationError for a value that cannot be.
    """
    found = filters(request.query_params, rows)
    if not found.is_valid():
        raise ValidationError(found.errors)
    narrowed: QuerySet[Row] = found.qs
    return narrowed


def listed(
    request: Request,
    rows: QuerySet[Row],
    *,
    shown: type[BaseSerializer[Any]],
    count: int | None = None,
) -> Response:
    """Answer with a page of rows.

    count: how many there are, where that is known without counting.
    Raises: NotFound for such a page.
    """
    pages = Pages()
    counted: Any = rows if count is None else _Counted(rows, count)
    page: list[Any] = pages.paginate_queryset(counted, request) or []
    return pages.get_paginated_response(shown(page, many=True).data)
