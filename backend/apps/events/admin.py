"""Events in the administration: defined, previewed, tried out."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from unfold.admin import ModelAdmin, StackedInline
from unfold.decorators import action

from apps.accounts.models import User
from apps.common import clock
from apps.events import admin_pages, services
from apps.events.forms import EventForm, TemplateForm, TemplateFormSet, owners
from apps.events.models import Event, EventSend, EventTemplate
from apps.events.services import EventFields, Owner


def _may(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.counts_as_admin


class TemplateInline(StackedInline):
    """The templates, one beneath the other."""

    model = EventTemplate
    form = TemplateForm
    formset = TemplateFormSet
    extra = 0
    tab = True
    collapsible = True
    fields = [
        ("channel", "locale"),
        "subject",
        "content",
        ("is_html", "attachments"),
        "url",
    ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those write events who may do so through the API."""
        return _may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say the same of changing."""
        return _may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say the same of taking away."""
        return _may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say the same of looking."""
        return _may(request)


@admin.register(Event)
class EventAdmin(ModelAdmin):
    """All events that are in use."""

    form = EventForm
    inlines = [TemplateInline]
    list_display = ["name", "kind", "severity", "channels", "owned_by", "updated_at"]
    list_filter = ["kind", "severity"]
    search_fields = ["name", "description"]
    actions = ["delete_events"]
    actions_detail = ["preview"]  # type: ignore[assignment]  # unfold: of an empty tuple
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["name", "description", "owner"]}),
        ("To users", {"fields": ["kind", "severity", "default_language"]}),
        ("Data", {"fields": ["variables", "sample"]}),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those write events who may do so through the API."""
        return _may(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say the same of changing."""
        return _may(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say the same of looking."""
        return _may(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Events are taken out of use by an action; what they sent stays."""
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the entry to who may look."""
        return _may(request)

    def has_preview_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        """Show the button to who may look."""
        return _may(request)

    def has_delete_events_permission(self, request: HttpRequest) -> bool:
        """Let those take events out of use who may write them."""
        return _may(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Leave out what is deleted."""
        rows: QuerySet[Event] = super().get_queryset(request)
        return rows.filter(deleted_at=None).prefetch_related("templates")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Event | None = None
    ) -> list[str]:
        """Leave an event with its owner."""
        return ["owned_by"] if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the owner once, and show it then."""
        if obj is None:
            return self.fieldsets
        first = (None, {"fields": ["name", "description", "owned_by"]})
        return [first, *self.fieldsets[1:]]

    def get_urls(self) -> list[URLPattern]:
        """Add the preview."""
        own = path(
            "<int:event_id>/preview/",
            self.admin_site.admin_view(self._preview),
            name="events_event_preview_page",
        )
        return [own, *super().get_urls()]

    def save_model(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001  (Django's)
    ) -> None:
        """Make the event; what is changed is written with the templates."""
        if not change:
            assert isinstance(request.user, User)  # noqa: S101  (narrows the type)
            owner = Owner(form.cleaned_data.get("owner", ""), request.user)
            obj.pk = services.create(form.said(), owner=owner).pk

    def save_related(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        change: bool,  # noqa: FBT001  (Django's)
    ) -> None:
        """Write event and templates together, by the service."""
        [templates] = formsets
        templates.save(commit=False)
        said: EventFields = form.said()
        said["templates"] = templates.texts()
        services.update(form.instance.pk, said)

    @admin.action(description="Delete the chosen events", permissions=["delete_events"])
    def delete_events(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        """Take them out of use."""
        for event in queryset:
            services.delete(event.pk, now=clock.now())
        self.message_user(request, "Deleted; what they sent stays.")

    @action(  # type: ignore[operator]  # unfold: a protocol without a call
        description="Preview and test",
        url_path="show-preview",
        permissions=["preview"],
    )
    def preview(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Open the preview."""
        target = reverse("admin:events_event_preview_page", args=[object_id])
        return HttpResponseRedirect(target)

    @admin.display(description="Channels")
    def channels(self, row: Event) -> str:
        """Say by which channels it is told."""
        found = {each.channel for each in row.templates.all()}
        return ", ".join(sorted(found)) or "none"

    @admin.display(description="Owner")
    def owned_by(self, row: Event) -> str:
        """Name the service."""
        return dict(owners()).get(row.owner, row.owner)

    def _preview(self, request: HttpRequest, event_id: int) -> HttpResponse:
        return admin_pages.preview(self, request, event_id)


@admin.register(EventSend)
class EventSendAdmin(ModelAdmin):
    """What was sent, and how far it is."""

    list_display = [
        "created_at",
        "event",
        "status",
        "total",
        "sent",
        "skipped",
        "source",
    ]
    list_filter = ["status", "created_at"]
    list_select_related = ["event"]
    search_fields = ["event__name", "source", "request_id"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Leave that to calls."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows go with their retention."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those look who may write events."""
        return _may(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the entry to who may look."""
        return _may(request)
