"""How the administration's list of notifications is narrowed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.common import clock
from apps.notifications import selectors
from apps.notifications.models import Notification

# Looking at all rows for their kinds would read the whole table.
_ROWS_LOOKED_AT_FOR_KINDS = 1000


class StateFilter(admin.SimpleListFilter):
    """What it is to its recipient."""

    title = "state"
    parameter_name = "state"

    def lookups(
        self,
        request: HttpRequest,
        model_admin: "admin.ModelAdmin[Any]",
    ) -> list[tuple[str, str]]:
        """Name the states."""
        states = ("unread", "read", "archived", "withdrawn", "expired")
        return [(state, state.capitalize()) for state in states]

    def queryset(
        self,
        request: HttpRequest,
        queryset: QuerySet[Notification],
    ) -> QuerySet[Notification]:
        """Keep what is in the state."""
        state = self.value()
        return (
            queryset.filter(selectors.in_state(state, clock.now()))
            if state
            else queryset
        )


class KindFilter(admin.SimpleListFilter):
    """What it is about; the kinds of late are offered."""

    title = "kind"
    parameter_name = "kind"

    def lookups(
        self,
        request: HttpRequest,
        model_admin: "admin.ModelAdmin[Any]",
    ) -> list[tuple[str, str]]:
        """Name the kinds of the newest rows."""
        rows = Notification.objects.order_by("-id").values_list("kind", flat=True)
        return [(kind, kind) for kind in sorted(set(rows[:_ROWS_LOOKED_AT_FOR_KINDS]))]

    def queryset(
        self,
        request: HttpRequest,
        queryset: QuerySet[Notification],
    ) -> QuerySet[Notification]:
        """Keep what is of the kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset
