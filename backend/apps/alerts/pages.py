"""The lists that are answered page by page, and what is answered as a whole."""

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django_filters.filterset import FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.alerts import analytics, frames, selectors, showing, versions
from apps.alerts.filters import AlertFilter, FiguresFilter
from apps.alerts.models import Alert
from apps.alerts.selectors import Shown
from apps.alerts.serializers import AlertBody, UserAlertWish
from apps.common import clock
from apps.common.pagination import Pages
from apps.notifications import selectors as notifications
from apps.notifications.serializers import InboxItem

LATEST = 5
Row = TypeVar("Row", bound=Model)


def alerts(request: Request) -> Response:
    """Answer with a page of all alerts.

    Raises: ValidationError for a filter that cannot be, NotFound for such a page.
    """
    pages = Pages()
    rows = pages.paginate_queryset(
        filtered(AlertFilter, request, selectors.alerts()), request
    )
    return pages.get_paginated_response(AlertBody(rows, many=True).data)


def user_alerts(request: Request, user: User) -> Response:
    """Answer with a page of what a user may see now.

    All of it is read at once, as for a page's snapshot: to count the whole and the
    unread, and to cut a page out of it, takes a query each otherwise.

    Raises: ValidationError, NotFound.
    """
    wanted = UserAlertWish(data=request.query_params)
    wanted.is_valid(raise_exception=True)
    version = versions.current()
    rows = selectors.visible_to(user.pk, user.team_id, now=clock.now())
    newest_first = sorted(rows, key=_start_of, reverse=True)
    pages = Pages()
    chosen: Any = _chosen(newest_first, **wanted.validated_data)
    page: list[Shown] = pages.paginate_queryset(chosen, request) or []
    showing.note_all(user.pk, page)
    response = pages.get_paginated_response([frames.whole(row) for row in page])
    response.data["unread"] = selectors.counts(rows).unread
    response.data["version"] = version
    return response


def _start_of(row: Shown) -> tuple[datetime, int]:
    return row.alert.start_time, row.alert.pk


def _chosen(rows: list[Shown], *, state: str = "", severity: str = "") -> list[Shown]:
    return [
        row
        for row in rows
        if state in {"", row.personal.state} and severity in {"", row.alert.severity}
    ]


def dashboard(user: User) -> dict[str, Any]:
    """Say what waits for a user."""
    rows = selectors.visible_to(user.pk, user.team_id, now=clock.now())
    showing.note_all(user.pk, rows)
    counts = notifications.counts(user.pk)
    latest = notifications.inbox(user.pk).filter(notifications.live(clock.now()))
    newest = sorted(rows, key=_start_of, reverse=True)[:LATEST]
    return {
        "alerts": {
            **vars(selectors.counts(rows)),
            "latest": [frames.whole(row) for row in newest],
        },
        "notifications": {
            "unread": counts.unread,
            "by_severity": counts.by_severity,
            "latest": InboxItem(latest.order_by("-seq")[:LATEST], many=True).data,
        },
    }


def figures(request: Request) -> dict[str, Any]:
    """Say how alerts are received: all of those asked for, and a page of them.

    Raises: ValidationError, NotFound.
    """
    found = filtered(FiguresFilter, request, Alert.objects.order_by("-id"))
    report = analytics.report(found, now=clock.now())
    pages = Pages()
    page = pages.paginate_queryset(report.alerts, request)
    paged = pages.get_paginated_response(page or []).data
    return {**report.summary, "alerts": paged}


def filtered(
    filters: type[FilterSet],
    request: Request,
    rows: QuerySet[Row],
) -> QuerySet[Row]:
    """Narrow the rows by the query's parameters.

    Raises: ValidationError for a value that cannot be.
    """
    found = filters(request.query_params, rows)
    if not found.is_valid():
        raise ValidationError(found.errors)
    narrowed: QuerySet[Row] = found.qs
    return narrowed
