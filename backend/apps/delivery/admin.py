"""How providers do, in the administration."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from apps.delivery import providers
from apps.delivery.models import ProviderState


@admin.register(ProviderState)
class ProviderAdmin(ModelAdmin):
    """Breakers: looked at, and closed by hand after a setting was mended."""

    list_display = ["name", "breaker_label", "open_until", "reason", "calls"]
    list_display_links = None
    actions = ["close"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come with the first call."""
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Nothing is written by hand."""
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: Any | None = None
    ) -> bool:
        """Keep them."""
        return False

    def has_close_permission(self, request: HttpRequest) -> bool:
        """Let those mend who may change."""
        return super().has_change_permission(request)

    @admin.action(description="Use again now", permissions=["close"])
    def close(self, request: HttpRequest, queryset: QuerySet[ProviderState]) -> None:
        """Close the breakers."""
        for row in queryset:
            providers.reset(row.pk)
        self.message_user(request, "They are used again.", messages.SUCCESS)

    @display(
        description="State",
        ordering="breaker",
        label={"in use": "success", "paused": "danger", "probing": "warning"},
    )
    def breaker_label(self, row: ProviderState) -> str:
        """Say it in a word."""
        return {"closed": "in use", "open": "paused"}.get(row.breaker, "probing")

    @admin.display(description="Last seconds")
    def calls(self, row: ProviderState) -> str:
        """Say how the last calls went."""
        return f"{row.ok + row.ok_before} good, {row.failed + row.failed_before} failed"
