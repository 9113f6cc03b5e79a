"""Clients and mailings in the administration: written, started, watched."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action

from apps.accounts.models import User
from apps.accounts.operators import may_operate
from apps.common import clock
from apps.mailings import admin_pages, clients, panel, policy, services
from apps.mailings.audit import Author
from apps.mailings.forms import MAILING_FIELDS, ClientForm, MailingForm
from apps.mailings.models import (
    AuditEntry,
    Client,
    Mailing,
    MailingStatus,
    Message,
    MessageAttempt,
)


def author_of(request: HttpRequest) -> Author:
    """Name who acts."""
    assert isinstance(request.user, User)  # noqa: S101  (narrows the type)
    return Author(request.user, f"user:{request.user.pk}")


class ForOperators(ModelAdmin):
    """What operators may see and change here, without Django's permissions."""

    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """Say whether the user is an operator."""
        return isinstance(request.user, User) and may_operate(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the entry to who may look."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say the same of adding."""
        return self.has_view_permission(request)

    def has_change_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Say the same of changing."""
        return self.has_view_permission(request)

    def has_delete_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Say the same of deleting."""
        return self.has_view_permission(request)

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Show the buttons of files to who may look."""
        return self.has_view_permission(request)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """List what is taken away; the messages of it are kept as evidence."""
        found = [str(each) for each in objs]
        return found, {str(self.opts.verbose_name_plural): len(found)}, set(), []


class ReadOnly(ForOperators):
    """What is only looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds by hand."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Nobody changes by hand."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Evidence stays."""
        return False


@admin.register(Client)
class ClientAdmin(ForOperators):
    """The directory of phones."""

    form = ClientForm
    list_display = ["masked", "mobile_operator_code", "tag", "timezone", "created_at"]
    list_filter = ["tag", "mobile_operator_code", "timezone"]
    search_fields = ["phone_number", "tag"]
    readonly_fields = ["mobile_operator_code", "created_at", "updated_at"]
    fields = [
        "phone_number",
        "mobile_operator_code",
        "tag",
        "timezone",
        "created_at",
        "updated_at",
    ]
    actions_list = ["import_file", "export_file"]  # type: ignore[assignment]  # unfold: of an empty tuple

    def get_queryset(self, request: HttpRequest) -> QuerySet[Client]:
        """Leave out who is deleted."""
        rows: QuerySet[Client] = super().get_queryset(request)
        return rows.filter(deleted_at=None)

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of files."""
        guarded = self.admin_site.admin_view
        own = [
            path("import/", guarded(self._import), name="mailings_client_import"),
            path(
                "import/<int:import_id>/",
                guarded(self._report),
                name="mailings_client_report",
            ),
            path("export/", guarded(self._export), name="mailings_client_export"),
        ]
        return [*own, *super().get_urls()]

    def save_model(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001  (Django's)
    ) -> None:
        """Write by the service."""
        if change:
            clients.update(obj.pk, form.cleaned_data)
        else:
            obj.pk = clients.create(form.cleaned_data).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete by the service."""
        clients.delete(obj.pk, by=author_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Client]) -> None:
        """Delete each by the service."""
        for client in queryset.iterator(chunk_size=500):
            clients.delete(client.pk, by=author_of(request))

    @admin.display(description="Phone number", ordering="phone_number")
    def masked(self, row: Client) -> str:
        """Show the number without its middle; its page shows it whole."""
        return policy.masked(row.phone_number)

    @action(  # type: ignore[operator]  # unfold: a protocol without a call
        description="Import CSV", url_path="import-file", permissions=["import"]
    )
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """Open the page."""
        return HttpResponseRedirect(reverse("admin:mailings_client_import"))

    @action(  # type: ignore[operator]  # unfold: a protocol without a call
        description="Export CSV", url_path="export-file", permissions=["import"]
    )
    def export_file(self, request: HttpRequest) -> HttpResponse:
        """Give out all clients."""
        return HttpResponseRedirect(reverse("admin:mailings_client_export"))

    def _import(self, request: HttpRequest) -> HttpResponse:
        return admin_pages.import_file(self, request, by=author_of(request))

    def _report(self, request: HttpRequest, import_id: int) -> HttpResponse:
        return admin_pages.report(self, request, import_id)

    def _export(self, request: HttpRequest) -> HttpResponseBase:
        return admin_pages.export(self, request, by=author_of(request))


@admin.register(Mailing)
class MailingAdmin(ForOperators):
    """All mailings; the list and a mailing's page move by themselves."""

    form = MailingForm
    list_display = ["short_text", "state", "bar", "date_start", "date_end", "hours"]
    list_filter = ["status", "date_start"]
    search_fields = ["text", "tag"]
    readonly_fields = ["panel"]
    fieldsets = [
        (None, {"fields": ["panel", "text"]}),
        ("For whom", {"fields": ["tag", "mobile_operator_code"]}),
        (
            "When",
            {"fields": ["date_start", "date_end", "time_start", "time_end"]},
        ),
    ]

    class Media:
        """Keeps bars and numbers moving."""

        css = {"all": ("mailings/admin.css",)}
        js = ("mailings/admin.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mailing]:
        """Leave out what is deleted."""
        rows: QuerySet[Mailing] = super().get_queryset(request)
        return rows.filter(deleted_at=None).select_related("counter", "created_by")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any | None = None
    ) -> list[str]:
        """Fix what cannot change any more."""
        if obj is None or obj.started_at is None:
            return ["panel"]
        if obj.status in {MailingStatus.DONE, MailingStatus.CANCELLED}:
            return ["panel", *MAILING_FIELDS]
        return ["panel", *services.FIXED]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin now."""
        return {
            "date_start": clock.now().replace(microsecond=0),
            **super().get_changeform_initial_data(request),
        }

    def get_urls(self) -> list[URLPattern]:
        """Add the numbers, and a page for each act."""
        guarded = self.admin_site.admin_view
        own = [
            path("bars/", guarded(self._bars), name="mailings_mailing_bars"),
            path(
                "<int:mailing_id>/panel/",
                guarded(self._panel),
                name="mailings_mailing_panel",
            ),
            path(
                "<int:mailing_id>/act/<str:act>/",
                guarded(self._act),
                name="mailings_mailing_act",
            ),
        ]
        return [*own, *super().get_urls()]

    def save_model(  # noqa: PLR0917  (Django's)
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001  (Django's)
    ) -> None:
        """Write by the service; a new one waits as a draft for its start."""
        if change:
            services.update(obj.pk, form.cleaned_data, by=author_of(request))
            return
        fields: Any = {**form.cleaned_data, "status": MailingStatus.DRAFT.value}
        obj.pk = services.create(fields, by=author_of(request)).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Cancel and take out of the lists."""
        services.delete(obj.pk, by=author_of(request))

    def delete_queryset(
        self, request: HttpRequest, queryset: QuerySet[Mailing]
    ) -> None:
        """Do the same with each."""
        for mailing in queryset:
            services.delete(mailing.pk, by=author_of(request))

    @admin.display(description="Text")
    def short_text(self, row: Mailing) -> str:
        """Begin with the text."""
        return row.text if len(row.text) <= 60 else f"{row.text[:59]}…"

    @admin.display(description="Status", ordering="status")
    def state(self, row: Mailing) -> SafeString:
        """Say the status; the script keeps it up to date."""
        return format_html(
            '<span class="mailing-badge" data-state="{}" data-mailing-status="{}">'
            "{}</span>",
            row.status,
            row.pk,
            row.status,
        )

    @admin.display(description="Progress")
    def bar(self, row: Mailing) -> str:
        """Draw how far it is; the script keeps it up to date."""
        return panel.bar(row)

    @admin.display(description="Local hours")
    def hours(self, row: Mailing) -> str:
        """Say in which hours it is sent."""
        if row.time_start is None or row.time_end is None:
            return "any"
        return f"{row.time_start:%H:%M}–{row.time_end:%H:%M}"

    @admin.display(description="")
    def panel(self, row: Mailing) -> SafeString:
        """Show how it does; the script keeps it up to date."""
        if row._state.adding:
            return format_html("<p>It is kept as a draft until it is started.</p>")
        return format_html(
            '<div id="mailing-panel" data-url="{}">{}</div>',
            reverse("admin:mailings_mailing_panel", args=[row.pk]),
            panel.rendered(row, now=clock.now()),
        )

    def _bars(self, request: HttpRequest) -> HttpResponse:
        return admin_pages.bars(self, request)

    def _panel(self, request: HttpRequest, mailing_id: int) -> HttpResponse:
        return admin_pages.panel_page(self, request, mailing_id)

    def _act(self, request: HttpRequest, mailing_id: int, act: str) -> HttpResponse:
        page = admin_pages.Act(self, request, mailing_id=mailing_id, name=act)
        return page.answer(by=author_of(request))


class AttemptInline(TabularInline):
    """The tries of a message."""

    model = MessageAttempt
    extra = 0
    can_delete = False
    readonly_fields = [
        "number",
        "started_at",
        "finished_at",
        "outcome",
        "code",
        "answer",
    ]
    fields = [*readonly_fields]

    def has_add_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """Nobody adds by hand."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        """Whoever sees the message sees them."""
        return isinstance(request.user, User) and may_operate(request.user)


@admin.register(Message)
class MessageAdmin(ReadOnly):
    """Every message, with its tries."""

    list_display = [
        "id",
        "mailing_id",
        "masked",
        "sending_status",
        "attempts",
        "time_sent",
        "last_error",
    ]
    list_filter = ["sending_status"]
    search_fields = ["=message_id", "=phone_number", "=mailing__id"]
    inlines = [AttemptInline]
    readonly_fields = [
        "mailing",
        "masked",
        "message_id",
        "sending_status",
        "maybe_sent",
        "attempts",
        "next_attempt_at",
        "time_sent",
        "last_error",
        "timezone",
        "text",
    ]
    fields = [*readonly_fields]

    @admin.display(description="Phone number")
    def masked(self, row: Message) -> str:
        """Show the number without its middle."""
        return policy.masked(row.phone_number)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """Who did what."""

    list_display = ["at", "action", "mailing", "source", "detail"]
    list_filter = ["action", "at"]
    list_select_related = ["mailing"]
