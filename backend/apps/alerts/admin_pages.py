"""The administration's pages about how alerts are received, and what feeds them."""

import csv
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from apps.alerts import analytics, selectors
from apps.alerts.forms import AudienceForm
from apps.alerts.models import Alert, Visibility
from apps.common import clock

CHART_DAYS = 30
CHART_HEIGHT = 120
BAR_WIDTH = 18
# How strongly each bar is drawn.
LEGEND = (("delivered", "0.35"), ("read", "1"), ("snoozed", "0.65"))
EXPORTED = (
    "id",
    "title",
    "severity",
    "visibility_type",
    "status",
    "is_archived",
    "recipients",
    "told",
    "delivered",
    "read",
    "snoozed",
    "read_rate",
    "reminders",
    "median_seconds_to_read",
)
# A spreadsheet takes a cell that begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def having(rows: QuerySet[Alert], status: str | None) -> QuerySet[Alert]:
    """Keep the alerts with a status, or all."""
    if not status:
        return rows
    return rows.filter(selectors.with_status(status, now=clock.now()))


def sentence(alert: Alert) -> str:
    """Say how an alert is received, for one whose page has no script yet."""
    found = analytics.of_one(alert, now=clock.now())
    return (
        f"{found['told']} of {found['recipients']} told, "
        f"{found['delivered']} delivered, {found['read']} read, "
        f"{found['snoozed']} snoozed, {found['reminders']} reminders"
    )


def audience(model: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Count the people of an audience that is not saved yet."""
    _require(model, request)
    asked = AudienceForm(request.GET)
    asked.is_valid()
    kind = asked.cleaned_data["visibility_type"]
    if kind not in Visibility.values:
        return JsonResponse({"recipients": 0})
    users = selectors.people(
        kind, team_ids=asked.ids("teams"), user_ids=asked.ids("users")
    )
    return JsonResponse({"recipients": users.count()})


def numbers(model: ModelAdmin, request: HttpRequest, alert_id: int) -> HttpResponse:
    """Answer with how an alert is received just now."""
    _require(model, request)
    alert = Alert.objects.filter(pk=alert_id).first()
    if alert is None:
        raise Http404
    return JsonResponse({"text": sentence(alert)})


def figures(model: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Show all figures, as charts and as tables."""
    _require(model, request)
    report = analytics.report(Alert.objects.all(), now=clock.now())
    summary = report.summary
    context = {
        **model.admin_site.each_context(request),
        "title": "Alert analytics",
        "opts": model.model._meta,
        "totals": summary["totals"],
        "groups": _groups(summary),
        "chart": chart(summary["over_time"][-CHART_DAYS:]),
        "legend": LEGEND,
        "days": summary["over_time"][-CHART_DAYS:],
        "alerts": report.alerts[:100],
        "export_url": reverse("admin:alerts_alert_export"),
    }
    return TemplateResponse(request, "admin/alerts/alert/analytics.html", context)


def export(model: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Give the figures of every alert as a file for spreadsheets."""
    _require(model, request)
    report = analytics.report(Alert.objects.all(), now=clock.now())
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="alerts.csv"'
    writer = csv.writer(answer)
    writer.writerow(EXPORTED)
    for row in report.alerts:
        writer.writerow([cell(row[name]) for name in EXPORTED])
    return answer


def cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def chart(days: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Lay out bars of delivered, read and snoozed, a group a day."""
    counts = (day[name] for day in days for name, _ in LEGEND)
    highest = max(counts, default=0) or 1
    bars = []
    for place, day in enumerate(days):
        for offset, (name, strength) in enumerate(LEGEND):
            height = round(day[name] / highest * CHART_HEIGHT, 1)
            bars.append(
                {
                    "strength": strength,
                    "label": f"{day['date']}: {day[name]} {name}",
                    "x": (place * (len(LEGEND) + 1) + offset) * BAR_WIDTH,
                    "y": CHART_HEIGHT - height,
                    "height": height,
                },
            )
    return {
        "bars": bars,
        "width": max(1, len(days)) * (len(LEGEND) + 1) * BAR_WIDTH,
        "height": CHART_HEIGHT,
        "bar_width": BAR_WIDTH - 2,
        "highest": highest,
    }


def _groups(summary: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = (
        ("By severity", "by_severity", "severity"),
        ("By audience", "by_visibility", "visibility_type"),
        ("By channel", "by_channel", "channel"),
        ("By team", "by_team", "team"),
    )
    return [
        {
            "title": title,
            "rows": [
                {
                    **row,
                    "name": row[name] or "no team",
                    "share": round(100 * row["read"] / (row["told"] or 1)),
                }
                for row in summary[key]
            ],
        }
        for title, key, name in kinds
    ]


def _require(model: ModelAdmin, request: HttpRequest) -> None:
    if not model.has_view_permission(request):
        raise PermissionDenied
