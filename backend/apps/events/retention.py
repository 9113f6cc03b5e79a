"""How long it is remembered what was sent."""

from datetime import datetime

from django.conf import settings

from apps.events.models import EventSend, SendStatus

SENDS_AT_ONCE = 500


def prune(now: datetime) -> int:
    """Delete a bounded number of sends all of whose notifications are gone."""
    old = EventSend.objects.filter(
        status=SendStatus.DONE,
        created_at__lt=now - settings.UNACKED_RETENTION,
        messages=None,
    )
    ids = list(old.order_by("created_at").values_list("pk", flat=True)[:SENDS_AT_ONCE])
    return EventSend.objects.filter(pk__in=ids).delete()[0]
