"""Count what alerts have sent by their outside channels so far."""

from collections import Counter, defaultdict
from typing import Any

from django.db import migrations
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce

DELIVERIES_AT_ONCE = 20_000
KEYS = ("source", "channel", "team_number")


def count(apps: Any, schema_editor: Any) -> None:
    """Add the attempts up, delivery by delivery, a batch of deliveries at a time."""
    counters = apps.get_model("notifications", "SourceCounter").objects
    deliveries = apps.get_model("notifications", "Delivery").objects.filter(
        notification__source__startswith="alert:"
    )
    told: defaultdict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    after = 0
    while ids := list(
        deliveries.filter(pk__gt=after)
        .order_by("pk")
        .values_list("pk", flat=True)[:DELIVERIES_AT_ONCE]
    ):
        batch = deliveries.filter(pk__gt=after, pk__lte=ids[-1])
        for *key, tried, sent in _counted(apps, batch):
            told[tuple(key)].update(told=tried, delivered=sent)
        after = ids[-1]
    counters.bulk_create(
        counters.model(**dict(zip(KEYS, key, strict=True)), **counts)
        for key, counts in told.items()
    )


def _counted(apps: Any, deliveries: Any) -> Any:
    attempts = apps.get_model("notifications", "NotificationAttempt").objects
    return (
        attempts.filter(delivery__in=deliveries)
        .exclude(status="skipped")
        .annotate(
            source=F("delivery__notification__source"),
            team_number=Coalesce("delivery__notification__recipient__team_id", 0),
        )
        .order_by()
        .values_list(*KEYS)
        .annotate(
            tried=Count("delivery", distinct=True),
            sent=Count("delivery", distinct=True, filter=Q(status="sent")),
        )
    )


class Migration(migrations.Migration):
    """Nothing to undo: the counters go with their table."""

    dependencies = [
        ("accounts", "0004_key_lineage"),
        ("alerts", "0003_held_reminders"),
        ("notifications", "0003_source_counters"),
    ]

    operations = [migrations.RunPython(count, migrations.RunPython.noop)]
