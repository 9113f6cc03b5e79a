"""The lists that are answered page by page, and refusals as answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any, TypeVar

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
    counted = rows if count is None else _counted(rows, count)
    page = pages.paginate_queryset(counted, request) or []
    return pages.get_paginated_response(shown(page, many=True).data)


def _counted(rows: QuerySet[Row], count: int) -> QuerySet[Row]:
    """Let the paginator ask nobody how many there are."""
    known = rows.all()
    # Django's paginator takes it for a method only if it is one, else it loads all.
    known.count = MethodType(lambda _: count, known)  # type: ignore[method-assign]  # of this one query
    return known
