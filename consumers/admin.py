"""Dead letters in the administration: looked at, sent again, discarded."""

import contextlib
import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from apps.accounts.models import User
from consumers import dead_letters
from consumers.models import DeadLetter

_SHOWN_IN_LIST = 60
_SHOWN = [
    "key",
    "routing_key",
    "reason",
    "detail",
    "times",
    "first_seen_at",
    "last_seen_at",
    "sent_again_at",
    "message_id",
    "correlation_id",
    "content_type",
    "source",
    "size",
    "readable_body",
]


class WaitingFilter(admin.SimpleListFilter):
    """What waits for a decision comes first."""

    title = "state"
    parameter_name = "state"

    def lookups(
        self,
        request: HttpRequest,
        model_admin: Any,
    ) -> list[tuple[str, str]]:
        """Offer the other half too."""
        return [("waiting", "Waiting"), ("sent", "Sent again")]

    def queryset(
        self,
        request: HttpRequest,
        queryset: QuerySet[DeadLetter],
    ) -> QuerySet[DeadLetter]:
        """Narrow the list."""
        if self.value() in {"waiting", "sent"}:
            return queryset.filter(sent_again_at__isnull=self.value() == "waiting")
        return queryset


@admin.register(DeadLetter)
class DeadLetterAdmin(ModelAdmin):
    """Messages from RabbitMQ that could not be taken."""

    list_display = [
        "last_seen_at",
        "routing_key",
        "reason",
        "detail",
        "times",
        "beginning",
        "source",
        "sent_again_at",
    ]
    list_filter = [WaitingFilter, "routing_key", "reason", "last_seen_at"]
    search_fields = ["message_id", "correlation_id", "reason", "source"]
    search_help_text = "A message id, a correlation id, a reason or a publisher."
    actions = ["send_again", "discard"]
    fields = [*_SHOWN]
    readonly_fields = [*_SHOWN]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come from RabbitMQ."""
        return False

    def has_change_permission(
        self,
        request: HttpRequest,
        obj: DeadLetter | None = None,
    ) -> bool:
        """Nothing is changed by hand."""
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,
        obj: DeadLetter | None = None,
    ) -> bool:
        """They are discarded by an action."""
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Let those decide who may send."""
        return isinstance(request.user, User) and request.user.counts_as_admin

    @admin.action(description="Send again", permissions=["decide"])
    def send_again(
        self,
        request: HttpRequest,
        queryset: QuerySet[DeadLetter],
    ) -> None:
        """Put them into the queue once more."""
        sent = dead_letters.send_again(queryset)
        _note(request, queryset.filter(pk__in=sent), "Sent again.", flag=CHANGE)
        self.message_user(request, f"Sent {len(sent)} again.", messages.SUCCESS)
        left = queryset.count() - len(sent)
        if left > 0:
            text = f"Left {left}: sent already, or larger than what is kept."
            self.message_user(request, text, messages.WARNING)

    @admin.action(description="Discard", permissions=["decide"])
    def discard(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        """Delete them."""
        _note(request, queryset, "Discarded.", flag=DELETION)
        count = dead_letters.discard(queryset)
        self.message_user(request, f"Discarded {count}.", messages.SUCCESS)

    @admin.display(description="Body")
    def beginning(self, row: DeadLetter) -> str:
        """Show the first characters."""
        return bytes(row.body[: _SHOWN_IN_LIST * 4]).decode(errors="replace")[
            :_SHOWN_IN_LIST
        ]

    @admin.display(description="Size")
    def size(self, row: DeadLetter) -> str:
        """Say how large it was, and how much of it is kept."""
        kept = "" if row.is_whole else f", of which {len(row.body)} are kept"
        return f"{row.body_size} bytes{kept}"

    @admin.display(description="Body")
    def readable_body(self, row: DeadLetter) -> str:
        """Show JSON one value a line, anything else as the text that it may be."""
        text = bytes(row.body).decode(errors="replace")
        with contextlib.suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
        return format_html('<pre class="whitespace-pre-wrap">{}</pre>', text)


def _note(
    request: HttpRequest,
    queryset: QuerySet[DeadLetter],
    text: str,
    *,
    flag: int,
) -> None:
    assert request.user.pk is not None  # noqa: S101  (nobody else gets here)
    LogEntry.objects.log_actions(
        request.user.pk,
        queryset.defer("body"),
        flag,
        change_message=text,
    )
