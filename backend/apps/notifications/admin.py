"""Notifications and broadcasts in the administration: looked at, sent, withdrawn."""

import json
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import broadcasts, delivery_admin, selectors, services
from apps.notifications.admin_filters import KindFilter, StateFilter
from apps.notifications.forms import SendForm
from apps.notifications.models import Broadcast, Notification

TIMELINE = "admin/notifications/notification/timeline.html"
_SHOWN_IN_LIST = 60
_SHOWN_OF_A_BROADCAST = [
    "audience",
    "status",
    "progress",
    "title",
    "body",
    "pretty_payload",
    "severity",
    "kind",
    "url",
    "source",
    "request_id",
    "created_at",
    "expires_at",
]


class ReadOnlyAdmin(ModelAdmin):
    """Rows that nobody changes or deletes by hand; who sends is said in one place."""

    show_full_result_count = False

    def has_change_permission(
        self,
        request: HttpRequest,
        obj: Any | None = None,
    ) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,
        obj: Any | None = None,
    ) -> bool:
        """Rows go with their retention."""
        return False

    @admin.display(description="Payload")
    def pretty_payload(self, row: Notification | Broadcast) -> str:
        """Show the JSON as text, one value a line."""
        text = json.dumps(json.loads(row.payload), ensure_ascii=False, indent=2)
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """All notifications; adding one sends it."""

    form = SendForm
    list_display = [
        "created_at",
        "recipient",
        "summary",
        "severity",
        "kind",
        "state",
        "outside",
    ]
    change_form_outer_before_template = TIMELINE  # type: ignore[assignment]  # unfold: of None
    list_filter = [
        StateFilter,
        "severity",
        KindFilter,
        "created_at",
        "recipient__team",
    ]
    list_select_related = ["recipient", "delivery"]
    search_fields = ["recipient__username", "title"]
    search_help_text = "A user name, a title, or a whole key."
    autocomplete_fields = ["recipient"]
    actions = ["withdraw"]
    actions_list = ["send"]  # type: ignore[assignment]  # unfold: of an empty tuple
    sent_fields = [
        "recipient",
        "team",
        "everyone",
        "title",
        "body",
        "payload",
        "severity",
        "kind",
        "url",
        "expires_at",
    ]
    shown_fields = [
        "key",
        "recipient",
        "seq",
        "state",
        "title",
        "body",
        "pretty_payload",
        "severity",
        "kind",
        "url",
        "source",
        "request_id",
        "idempotency_key",
        "broadcast",
        "created_at",
        "expires_at",
        "acked_at",
        "acked_by",
        "read_at",
        "archived_at",
        "withdrawn_at",
        "expired_at",
    ]

    def get_fields(self, request: HttpRequest, obj: Notification | None = None) -> Any:
        """Ask for a message, or show all of a notification."""
        return self.shown_fields if obj else self.sent_fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name the form by what it does."""
        title = None if obj else "Send a notification"
        return [(title, {"fields": self.get_fields(request, obj)})]

    def get_readonly_fields(
        self,
        request: HttpRequest,
        obj: Notification | None = None,
    ) -> list[str]:
        """Show, once it was sent."""
        return self.shown_fields if obj else []

    def get_search_results(
        self,
        request: HttpRequest,
        queryset: QuerySet[Notification],
        search_term: str,
    ) -> tuple[QuerySet[Notification], bool]:
        """Look a whole key up by its index."""
        try:
            key = UUID(search_term.strip())
        except ValueError:
            found: tuple[QuerySet[Notification], bool] = super().get_search_results(
                request,
                queryset,
                search_term,
            )
            return found
        return queryset.filter(key=key), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those send who may send through the API."""
        return isinstance(request.user, User) and request.user.counts_as_admin

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Say the same for the button."""
        return self.has_add_permission(request)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        """Let those take back who may send."""
        return self.has_add_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the entry to who may look or send."""
        return self.has_view_permission(request) or self.has_add_permission(request)

    @action(  # type: ignore[operator]  # unfold: a protocol without a call
        description="Send a notification",
        url_path="send",
        permissions=["send"],
    )
    def send(self, request: HttpRequest) -> HttpResponse:
        """Open the form."""
        return HttpResponseRedirect(reverse("admin:notifications_notification_add"))

    def get_urls(self) -> list[URLPattern]:
        """Add the buttons of the timeline."""
        own = [
            path(
                f"<int:number>/{name}/",
                self.admin_site.admin_view(partial(delivery_admin.change, self)),
                name=f"notifications_notification_{name}",
            )
            for name in delivery_admin.CHANGES
        ]
        return [*own, *super().get_urls()]

    def change_view(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what happened above what it says."""
        row = self.get_object(request, object_id)
        shown = (
            delivery_admin.context_of(row, may_change=self.has_add_permission(request))
            if row
            else {}
        )
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **shown}
        )
        return answer

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Say what the page does."""
        context = {
            **(extra_context or {}),
            "title": "Send a notification",
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        answer: HttpResponse = super().add_view(request, form_url, context)
        return answer

    def save_model(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001  (Django's)
    ) -> None:
        """Send through the waist."""
        request.sent = _sent(request, form)  # type: ignore[attr-defined]  # for below

    def log_addition(
        self,
        request: HttpRequest,
        obj: Notification,
        message: Any,
    ) -> Any:
        """Note who sent what really came of it."""
        return super().log_addition(request, request.sent, message)  # type: ignore[attr-defined]  # by save_model

    def response_add(
        self,
        request: HttpRequest,
        obj: Notification,
        post_url_continue: str | None = None,
    ) -> HttpResponse:
        """Go to the list where it stands."""
        name = "notification"
        if isinstance(request.sent, Broadcast):  # type: ignore[attr-defined]  # by save_model
            name = "broadcast"
        self.message_user(request, f"The {name} is sent.", messages.SUCCESS)
        return HttpResponseRedirect(reverse(f"admin:notifications_{name}_changelist"))

    @admin.action(description="Withdraw", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        """Take notifications back."""
        count = services.withdraw(list(queryset.values_list("key", flat=True)))
        self.message_user(request, f"Withdrew {count}.", messages.SUCCESS)

    @admin.display(description="Message")
    def summary(self, row: Notification) -> str:
        """Show the title, or the beginning of the payload."""
        return (row.title or row.payload)[:_SHOWN_IN_LIST]

    @admin.display(description="State")
    def state(self, row: Notification) -> str:
        """Say what it is to its recipient."""
        if row.seq is None:
            return "not on the page"
        return selectors.state_of(row, now=clock.now())

    @display(description="Outside", label=delivery_admin.STATUS_LABELS)
    def outside(self, row: Notification) -> str | None:
        """Say what became of it outside of the page."""
        delivery = getattr(row, "delivery", None)
        return delivery.status if delivery else None


@admin.register(Broadcast)
class BroadcastAdmin(ReadOnlyAdmin):
    """Broadcasts and how far they are."""

    list_display = [
        "created_at",
        "audience",
        "summary",
        "severity",
        "status",
        "progress",
    ]
    list_filter = ["status", "severity", "created_at"]
    list_select_related = ["team"]
    search_fields = ["title", "team__name"]
    fields = [*_SHOWN_OF_A_BROADCAST]
    readonly_fields = [*_SHOWN_OF_A_BROADCAST]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Broadcasts begin with a notification to a team or to everyone."""
        return False

    @admin.display(description="Audience")
    def audience(self, row: Broadcast) -> str:
        """Name the team."""
        return row.team.name if row.team else "everyone"

    @admin.display(description="Message")
    def summary(self, row: Broadcast) -> str:
        """Show the title, or the beginning of the payload."""
        return (row.title or row.payload)[:_SHOWN_IN_LIST]

    @admin.display(description="Sent")
    def progress(self, row: Broadcast) -> str:
        """Say how many of how many."""
        return f"{row.sent} of {row.recipients}"


def _sent(request: HttpRequest, form: SendForm) -> Notification | Broadcast:
    message = form.message()
    message["source"] = f"user:{request.user.pk}"
    recipient = form.cleaned_data["recipient"]
    if recipient is not None:
        return services.notify(recipient=recipient, **message)
    team = form.cleaned_data["team"]
    return broadcasts.broadcast(broadcasts.Audience(team.pk if team else None), message)
