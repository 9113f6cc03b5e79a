"""The lists that are answered page by page, and what is answered as a whole."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django_filters.filterset import FilterSet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.alerts import analytics, frames, selectors, showing, versions
from apps.alerts.filters import AlertFilter, FiguresFilter, UserAlertFilter
from apps.alerts.models import Alert
from apps.alerts.serializers import AlertBody
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

    Raises: ValidationError, NotFound.
    """
    now = clock.now()
    version = versions.current()
    pages = Pages()
    visible = selectors.visible(user.pk, user.team_id, now=now)
    found = filtered(UserAlertFilter, request, visible).order_by("-start_time", "-id")
    page = pages.paginate_queryset(found, request) or []
    rows = [selectors.shown(row) for row in page]
    showing.note_all(user.pk, rows)
    response = pages.get_paginated_response([frames.whole(row) for row in rows])
    response.data["unread"] = selectors.unread_count(user.pk, user.team_id, now=now)
    response.data["version"] = version
    return response


def dashboard(user: User) -> dict[str, Any]:
    """Say what waits for a user."""
    rows = selectors.visible_to(user.pk, user.team_id, now=clock.now())
    showing.note_all(user.pk, rows)
    counts = notifications.counts(user.pk)
    latest = notifications.inbox(user.pk).filter(notifications.live(clock.now()))
    newest = sorted(rows, key=lambda row: row.alert.start_time, reverse=True)[:LATEST]
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
    paged = pages.get_paginated_response(analytics.with_channels(page or [])).data
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
