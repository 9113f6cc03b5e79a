"""Questions about events; nothing here changes a row."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from apps.events.models import Event, EventMessage, EventTemplate
from apps.events.policy import TemplateText

IN_APP = "in_app"
STATUSES = ["pending", "sent", "failed", "cancelled", "held"]


def events(owner: str | None) -> QuerySet[Event]:
    """Return the events of an owner that are not deleted; None means everybody's."""
    rows = Event.objects.filter(deleted_at=None).prefetch_related("templates")
    return rows if owner is None else rows.filter(owner=owner)


def messages(owner: str | None) -> QuerySet[EventMessage]:
    """Return what the events of an owner have sent; None means everybody's."""
    rows = EventMessage.objects.select_related("notification__delivery")
    return rows if owner is None else rows.filter(event__owner=owner)


def with_status(status: str) -> Q:
    """Match messages in a status; what is on the page alone is sent with its row."""
    if status == "held":
        return Q(notification__delivery__held=True)
    found = Q(notification__delivery__status=status)
    return found | Q(channel=IN_APP) if status == "sent" else found


def texts(rows: Sequence[EventTemplate]) -> list[TemplateText]:
    """Return templates as the rules see them."""
    return [
        TemplateText(
            channel=row.channel,
            locale=row.locale,
            subject=row.subject,
            content=row.content,
            is_html=row.is_html,
            attachments=row.attachments,
            url=row.url,
        )
        for row in rows
    ]


def templates_of(event: Event) -> list[TemplateText]:
    """Return an event's templates."""
    return texts(list(event.templates.all()))
