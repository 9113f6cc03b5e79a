"""The lists that are answered page by page, or by limit and offset."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django_filters.filterset import FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination, LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.common.pagination import Pages

Row = TypeVar("Row", bound=Model)


class _Slices(LimitOffsetPagination):
    default_limit = 25
    max_limit = 100


def listed(
    request: Request,
    rows: QuerySet[Row],
    *,
    filters: type[FilterSet],
    shown: type[BaseSerializer[Any]],
) -> Response:
    """Answer with what the query asks for of the rows.

    Raises: ValidationError for a filter that cannot be, NotFound for such a page.
    """
    found = filters(request.query_params, rows)
    if not found.is_valid():
        raise ValidationError(found.errors)
    asks_for_slice = not {"limit", "offset"}.isdisjoint(request.query_params)
    pages: BasePagination = _Slices() if asks_for_slice else Pages()
    page: list[Any] | None = pages.paginate_queryset(found.qs, request)
    return pages.get_paginated_response(shown(page, many=True).data)
