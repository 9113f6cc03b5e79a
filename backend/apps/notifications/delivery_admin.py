"""The way of notifications out of the page, in the administration."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display

from apps.accounts.masking import masked
from apps.common import clock
from apps.delivery import channels
from apps.notifications import deliveries, progress, services, timeline
from apps.notifications.models import Delivery, Notification, NotificationAttempt

STATUS_LABELS = {
    "sent": "success",
    "failed": "danger",
    "unknown": "warning",
    "deferred": "warning",
    "skipped": "info",
    "running": "info",
    "pending": "info",
    "cancelled": "warning",
}
CHANGES: dict[str, tuple[str, Callable[[int], Delivery]]] = {
    "resend": ("Sent again.", services.resend),
    "cancel": ("Cancelled.", services.cancel),
    "go-on": ("It goes on with the next channel.", deliveries.go_on),
}


def context_of(row: Notification, *, may_change: bool) -> dict[str, Any]:
    """Return what the timeline's template shows."""
    delivery = progress.delivery_of(row)
    attempts = progress.attempts_of(delivery)
    now = progress.progress_of(delivery, now=clock.now())
    is_pending = delivery is not None and now.status == "pending"
    return {
        "timeline": timeline.entries(row, delivery, attempts),
        "outlook": timeline.outlook(now),
        "delivery": delivery,
        "delivery_status": now.status,
        "may_resend": may_change and delivery is not None and not is_pending,
        "may_cancel": may_change and is_pending,
        "may_go_on": may_change and is_pending and now.hold_reason == "unknown",
    }


def change(model: ModelAdmin, request: HttpRequest, number: int) -> HttpResponse:
    """Do what a button of the timeline says.

    Raises: PermissionDenied.
    """
    name = request.path.rstrip("/").rpartition("/")[2]
    if request.method != "POST" or not model.has_add_permission(request):
        raise PermissionDenied
    said, act = CHANGES[name]
    try:
        row = act(number)
    except (Delivery.DoesNotExist, deliveries.NotPossibleError) as error:
        text = str(error) or "There is nothing to change."
        model.message_user(request, text, messages.ERROR)
    else:
        model.message_user(request, said, messages.SUCCESS)
        _log(request, row, said)
    place = reverse("admin:notifications_notification_change", args=[number])
    return HttpResponseRedirect(place)


def _log(request: HttpRequest, row: Delivery, said: str) -> None:
    rows = Notification.objects.filter(pk=row.pk)
    LogEntry.objects.log_actions(
        request.user.pk or 0, list(rows), CHANGE, said, single_object=True
    )


@admin.register(NotificationAttempt)
class AttemptAdmin(ModelAdmin):
    """Every attempt, to be searched."""

    show_full_result_count = False
    list_display = [
        "started_at",
        "recipient",
        "address",
        "channel",
        "number",
        "status_label",
        "error",
        "notification",
    ]
    list_filter = ["channel", "status", "started_at"]
    list_select_related = ["delivery__notification__recipient__profile"]
    list_display_links = None
    search_fields = [
        "delivery__notification__recipient__username",
        "delivery__notification__key",
    ]
    search_help_text = "A user name, a whole key, or a source such as alert:7."

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Workers make attempts."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Leave alone what was."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """They go with their notification."""
        return False

    def get_search_results(
        self,
        request: HttpRequest,
        queryset: QuerySet[NotificationAttempt],
        search_term: str,
    ) -> tuple[QuerySet[NotificationAttempt], bool]:
        """Look for people by the beginning of their name, so that an index serves."""
        term = search_term.strip()
        if not term:
            return queryset, False
        path = "delivery__notification__"
        if ":" in term:
            return queryset.filter(**{f"{path}source": term}), False
        if len(term) == 36:
            return queryset.filter(**{f"{path}key": term}), False
        return queryset.filter(
            **{f"{path}recipient__username__istartswith": term}
        ), False

    @admin.display(description="Recipient")
    def recipient(self, row: NotificationAttempt) -> str:
        """Name the user."""
        user = row.delivery.notification.recipient
        return user.username if user else "no user"

    @admin.display(description="To")
    def address(self, row: NotificationAttempt) -> str:
        """Show the address, hidden in its middle."""
        given = row.delivery.addresses.get(row.channel, "")
        user = row.delivery.notification.recipient
        if not given and user is not None and row.channel in channels.names():
            given = channels.get(row.channel).address_of(user)
        return masked(given)

    @display(description="Status", ordering="status", label=STATUS_LABELS)
    def status_label(self, row: NotificationAttempt) -> str:
        """Say what came of it, in its colour."""
        return row.status

    @admin.display(description="Notification")
    def notification(self, row: NotificationAttempt) -> str:
        """Lead to the timeline."""
        name = "admin:notifications_notification_change"
        place = reverse(name, args=[row.delivery_id])
        title = row.delivery.notification.title or f"number {row.delivery_id}"
        return format_html('<a class="underline" href="{}">{}</a>', place, title[:40])
