"""The administration's pages about how alerts are received, and what feeds them."""

import csv
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from apps.alerts import analytics, outside, policy, selectors
from apps.alerts.filters import FiguresFilter
from apps.alerts.forms import AudienceForm
from apps.alerts.models import Alert, Channel, Visibility
from apps.alerts.tallies import COUNTED
from apps.common import clock

CHART_DAYS = 30
CHART_HEIGHT = 120
# Below the bars, for the names of the days.
LABEL_HEIGHT = 18
BAR_WIDTH = 18
LEGEND = ("delivered", "read", "snoozed")
SHARE_WIDTH = 60
NO_TEAM = "no team"
NARROWING = ("severity", "visibility_type", "status", "archived")
UNKNOWN_OUTSIDE = ("read", "snoozed", "reminders", "share")
# As many alerts as a table can hold for people; the file has all of them.
NEWEST = 100
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
# Each outside channel's, in the columns behind.
OUTSIDE = tuple(
    (name, what)
    for name in Channel.values
    if name != Channel.IN_APP
    for what in ("told", "delivered")
)
RECEIVED = ("recipients", "told", "delivered", "read", "snoozed", "reminders")
# A spreadsheet takes a cell that begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def having(rows: QuerySet[Alert], status: str | None) -> QuerySet[Alert]:
    """Keep the alerts with a status, or all."""
    if not status:
        return rows
    return rows.filter(selectors.with_status(status, now=clock.now()))


def received(alert: Alert, *, url: str) -> SafeString:
    """Show how an alert is received; a script reads the address for newer numbers."""
    found = analytics.of_one(alert, now=clock.now())
    reached = _reached(alert, found["by_channel"])
    tiles = [(name.capitalize(), name, found[name]) for name in RECEIVED]
    tiles += [(Channel(name).label, name, text) for name, text in reached.items()]
    return format_html(
        '<dl id="alert-numbers" class="alert-tiles" aria-live="polite" data-url="{}">'
        "{}</dl>{}",
        url,
        format_html_join(
            "", '<div><dt>{}</dt><dd data-figure="{}">{}</dd></div>', tiles
        ),
        format_html(
            '<p class="pt-3 flex gap-4"><a class="underline" href="{}">All figures</a>'
            "{}</p>",
            _with_query("figures", urlencode({"id": alert.pk})),
            _attempts(alert) if reached else "",
        ),
    )


def _reached(alert: Alert, by_channel: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Say how each outside channel did: those of the alert, and those it had."""
    counted = {
        each["channel"]: f"{each['delivered']} of {each['told']}"
        for each in by_channel
        if each["channel"] != Channel.IN_APP
    }
    return dict.fromkeys(policy.outside_channels(alert), "0 of 0") | counted


def _attempts(alert: Alert) -> SafeString:
    place = reverse("admin:notifications_notificationattempt_changelist")
    return format_html(
        '<a class="underline" href="{}?q={}">Every attempt</a>',
        place,
        outside.source_of(alert.pk),
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
    found = analytics.of_one(alert, now=clock.now())
    shown = {name: found[name] for name in RECEIVED}
    return JsonResponse(shown | _reached(alert, found["by_channel"]))


def figures(model: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Show all figures, or those of the alerts asked for, as charts and as tables."""
    _require(model, request)
    asked = _asked(request)
    report = analytics.report(asked.qs, now=clock.now())
    summary = report.summary
    context = {
        **model.admin_site.each_context(request),
        "title": "Alert analytics",
        "opts": model.model._meta,
        "tiles": _tiles(summary["totals"]),
        "counted": COUNTED,
        "groups": _groups(summary),
        "chart": chart(summary["over_time"][-CHART_DAYS:]),
        "legend": LEGEND,
        "days": summary["over_time"][-CHART_DAYS:],
        "alerts": [
            {**row, "time_to_read": span(row["median_seconds_to_read"])}
            for row in report.alerts[:NEWEST]
        ],
        "narrowing": [asked.form[name] for name in NARROWING],
        "is_narrowed": any(asked.form.cleaned_data.values()),
        "export_url": _with_query("export", request.GET.urlencode()),
    }
    return TemplateResponse(request, "admin/alerts/alert/analytics.html", context)


def export(model: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """Give the figures of each of these alerts as a file for spreadsheets."""
    _require(model, request)
    report = analytics.report(_asked(request).qs, now=clock.now())
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="alerts.csv"'
    writer = csv.writer(answer)
    writer.writerow([*EXPORTED, *(f"{name}_{what}" for name, what in OUTSIDE)])
    for row in report.alerts:
        counted = {each["channel"]: each for each in row["by_channel"]}
        writer.writerow(
            [
                *(cell(row[name]) for name in EXPORTED),
                *(counted.get(name, {}).get(what, 0) for name, what in OUTSIDE),
            ]
        )
    return answer


def cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def chart(days: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Lay out bars of delivered, read and snoozed, a group a day."""
    highest = max((day[name] for day in days for name in LEGEND), default=0) or 1
    step = (len(LEGEND) + 1) * BAR_WIDTH
    bars = []
    for place, day in enumerate(days):
        for offset, name in enumerate(LEGEND):
            height = round(day[name] / highest * CHART_HEIGHT, 1)
            bars.append(
                {
                    "name": name,
                    "label": f"{day['date']}: {day[name]} {name}",
                    "x": place * step + offset * BAR_WIDTH,
                    "y": CHART_HEIGHT - height,
                    "height": height,
                },
            )
    return {
        "bars": bars,
        "days": [
            # Month and day; the table has the year.
            {"label": day["date"][5:], "x": place * step}
            for place, day in enumerate(days)
        ],
        "width": max(1, len(days)) * step,
        "full_height": CHART_HEIGHT + LABEL_HEIGHT,
        "bar_width": BAR_WIDTH - 2,
    }


def span(seconds: float | None) -> str:
    """Say a time in its two largest units, such as `2 h 5 min`."""
    if seconds is None:
        return ""
    rest = round(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _asked(request: HttpRequest) -> FiguresFilter:
    """Return the alerts that the address asks for, as the API does.

    Raises: BadRequest for a value that cannot be.
    """
    asked = FiguresFilter(request.GET, Alert.objects.all())  # type: ignore[no-untyped-call]  # django-filter has no types
    if not asked.is_valid():  # type: ignore[no-untyped-call]  # as above
        raise BadRequest(asked.errors.as_text())
    return asked


def _with_query(name: str, query: str) -> str:
    place = reverse(f"admin:alerts_alert_{name}")
    return f"{place}?{query}" if query else place


def _tiles(totals: dict[str, Any]) -> list[dict[str, Any]]:
    counted = [
        {"name": name.capitalize(), "value": totals[name]}
        for name in ("alerts", "active", *RECEIVED)
    ]
    return [
        *counted,
        {"name": "Read rate", "value": f"{totals['read_rate']:.0%}"},
        {
            "name": "Median time to read",
            "value": span(totals["median_seconds_to_read"]) or "none yet",
        },
    ]


def _groups(summary: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = (
        ("By severity", "by_severity", "severity"),
        ("By audience", "by_visibility", "visibility_type"),
        ("By channel", "by_channel", "channel"),
        ("By team", "by_team", "team"),
    )
    groups = [
        {"title": title, "rows": [_share(row, row[name]) for row in summary[key]]}
        for title, key, name in kinds
    ]
    outside_rows = [
        _share(counts, f"{team['team'] or NO_TEAM}, {Channel(counts['channel']).label}")
        for team in summary["by_team"]
        for counts in team["by_channel"]
        if counts["channel"] != Channel.IN_APP
    ]
    if outside_rows:
        groups.append({"title": "By team and outside channel", "rows": outside_rows})
    return groups


def _share(row: dict[str, Any], name: str | None) -> dict[str, Any]:
    # Who has read may have been told through another team.
    share = min(1.0, row["read"] / (row["told"] or 1))
    shown = {
        **row,
        "name": name or NO_TEAM,
        "share": round(100 * share),
        "bar": round(SHARE_WIDTH * share),
    }
    is_outside = row.get("channel", Channel.IN_APP) != Channel.IN_APP
    # What people do with an alert, they do on the page.
    return shown | (dict.fromkeys(UNKNOWN_OUTSIDE) if is_outside else {})


def _require(model: ModelAdmin, request: HttpRequest) -> None:
    if not model.has_view_permission(request):
        raise PermissionDenied
