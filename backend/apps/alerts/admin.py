"""Alerts in the administration: written, previewed, watched; and the log."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from apps.accounts.models import User
from apps.alerts import admin_pages, policy, services
from apps.alerts.forms import AlertForm
from apps.alerts.models import Alert, AlertDelivery, Channel
from apps.alerts.services import Author
from apps.common import clock


class StatusFilter(admin.SimpleListFilter):
    """Where an alert is in its life."""

    title = "status"
    parameter_name = "status"

    def lookups(
        self,
        request: HttpRequest,
        model_admin: "admin.ModelAdmin[Any]",
    ) -> list[tuple[str, str]]:
        """Name the statuses."""
        return [(each.value, each.value.capitalize()) for each in policy.Status]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Alert]
    ) -> QuerySet[Alert]:
        """Keep what has the status."""
        return admin_pages.having(queryset, self.value())


@admin.register(Alert)
class AlertAdmin(ModelAdmin):
    """All alerts; an alert's page shows how it is received while it is."""

    form = AlertForm
    list_display = [
        "title",
        "severity_label",
        "visibility_type",
        "status",
        "start_time",
        "expiry_time",
        "read_of",
    ]
    list_filter = [StatusFilter, "severity", "visibility_type", "start_time"]
    search_fields = ["title", "message"]
    autocomplete_fields = ["target_teams", "target_users"]
    readonly_fields = ["audience", "numbers"]
    actions = ["archive"]
    actions_list = ["analytics"]  # type: ignore[assignment]  # unfold: of an empty tuple
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["title", "message", "severity"]}),
        (
            "Audience",
            {"fields": ["visibility_type", "target_teams", "target_users", "audience"]},
        ),
        ("Time", {"fields": ["start_time", "expiry_time", "is_active"]}),
        (
            "Reminders and channels",
            {
                "fields": [
                    "reminders_enabled",
                    "reminder_interval",
                    "max_reminders",
                    "channels",
                    "remind_outside",
                ],
            },
        ),
    ]

    class Media:
        """Counts the audience and keeps the numbers up to date."""

        js = ("alerts/admin.js",)
        css = {"all": ("alerts/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those write alerts who may do so through the API."""
        return isinstance(request.user, User) and request.user.counts_as_admin

    def has_change_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Say the same of changing."""
        return self.has_add_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """Say the same of looking."""
        return self.has_add_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the entry to who may look."""
        return self.has_add_permission(request)

    def has_delete_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Alerts are archived; their log and their numbers stay."""
        return False

    def has_archive_permission(self, request: HttpRequest) -> bool:
        """Let those archive who may write."""
        return self.has_add_permission(request)

    def has_analytics_permission(self, request: HttpRequest) -> bool:
        """Show the button to who may look."""
        return self.has_add_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Leave out what is archived in the list, as the API does."""
        rows: QuerySet[Alert] = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        asks = request.GET.get("status") == policy.Status.WITHDRAWN.value
        if not is_list:
            return rows
        counted = Sum("counters__read", filter=Q(counters__channel=Channel.IN_APP))
        rows = rows.annotate(read_total=counted)
        return rows if asks else rows.filter(archived_at=None)

    def get_urls(self) -> list[URLPattern]:
        """Add the preview, the numbers, the figures and their export."""
        guarded = self.admin_site.admin_view
        own = [
            path("audience/", guarded(self._audience), name="alerts_alert_audience"),
            path("analytics/", guarded(self._figures), name="alerts_alert_figures"),
            path("analytics.csv", guarded(self._export), name="alerts_alert_export"),
            path(
                "<int:alert_id>/numbers/",
                guarded(self._numbers),
                name="alerts_alert_numbers",
            ),
        ]
        return [*own, *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any | None = None) -> Any:
        """Show how it is received on top, once there is something to receive."""
        shown = super().get_fieldsets(request, obj)
        numbers = ("Received", {"fields": ["numbers"]})
        return shown if obj is None else [numbers, *shown]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin now, unless the address says otherwise."""
        return {
            "start_time": clock.now(),
            **super().get_changeform_initial_data(request),
        }

    def save_model(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001  (Django's)
    ) -> None:
        """Write by the service, which tells the open pages."""
        if change:
            services.update(obj.pk, form.said())
            return
        assert isinstance(request.user, User)  # noqa: S101  (narrows the type)
        author = Author(request.user, f"user:{request.user.pk}")
        obj.pk = services.create(form.said(), by=author).pk

    def save_related(self, request: HttpRequest, *_: Any, **__: Any) -> None:
        """Do nothing: the service has set the targets."""

    @admin.action(description="Archive the chosen alerts", permissions=["archive"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """Take them out of sight."""
        for alert in queryset:
            services.archive(alert.pk)
        self.message_user(request, "Archived.")

    @action(  # type: ignore[operator]  # unfold: a protocol without a call
        description="Analytics",
        url_path="show-analytics",
        permissions=["analytics"],
    )
    def analytics(self, request: HttpRequest) -> HttpResponse:
        """Open the figures."""
        return HttpResponseRedirect(reverse("admin:alerts_alert_figures"))

    @display(
        description="Severity",
        ordering="severity",
        label={"critical": "danger", "warning": "warning", "info": "info"},
    )
    def severity_label(self, row: Alert) -> str:
        """Say the severity, in its colour."""
        return row.severity

    @display(
        description="Status",
        label={"active": "success", "scheduled": "info", "withdrawn": "warning"},
    )
    def status(self, row: Alert) -> str:
        """Say where it is in its life."""
        return policy.status(row, now=clock.now()).value

    @admin.display(description="Read")
    def read_of(self, row: Alert) -> str:
        """Say how many have read it."""
        return str(row.read_total or 0)  # type: ignore[attr-defined]  # annotated

    @admin.display(description="It will reach")
    def audience(self, row: Alert) -> str:
        """Leave room for the count, which the script keeps up to date."""
        return format_html(
            '<output id="alert-audience" data-url="{}">…</output>',
            reverse("admin:alerts_alert_audience"),
        )

    @admin.display(description="Now")
    def numbers(self, row: Alert) -> str:
        """Show how it is received; the script keeps it up to date."""
        url = reverse("admin:alerts_alert_numbers", args=[row.pk])
        return admin_pages.received(row, url=url)

    def _audience(self, request: HttpRequest) -> HttpResponse:
        return admin_pages.audience(self, request)

    def _numbers(self, request: HttpRequest, alert_id: int) -> HttpResponse:
        return admin_pages.numbers(self, request, alert_id)

    def _figures(self, request: HttpRequest) -> HttpResponse:
        return admin_pages.figures(self, request)

    def _export(self, request: HttpRequest) -> HttpResponse:
        return admin_pages.export(self, request)


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(ModelAdmin):
    """The log: who was told, when, on which channel, and what came of it."""

    list_display = [
        "told_at",
        "alert",
        "user",
        "channel",
        "result",
        "delivered_at",
        "reminders",
        "last_reminded_at",
        "held_until",
    ]
    list_filter = ["channel", "result"]
    list_select_related = ["alert", "user"]
    search_fields = ["user__username", "alert__title"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Workers write it."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Rows go with their retention."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """Let those look who may write alerts."""
        return isinstance(request.user, User) and request.user.counts_as_admin

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the entry to who may look."""
        return self.has_view_permission(request)
