"""What the API's description says of these operations, beside their bodies."""

from drf_yasg import openapi

from apps.notifications.models import BroadcastStatus, Severity

IDEMPOTENCY_KEY = openapi.Parameter(
    "Idempotency-Key",
    openapi.IN_HEADER,
    description=(
        "1 to 255 printable ASCII characters. The same key with the same body has its "
        "effect once and gives the stored answer with `Idempotent-Replayed: true`, "
        "for 72 hours."
    ),
    type=openapi.TYPE_STRING,
    required=False,
)


def _query(name: str, description: str, **options: object) -> openapi.Parameter:
    options.setdefault("type", openapi.TYPE_STRING)
    return openapi.Parameter(
        name, openapi.IN_QUERY, description=description, required=False, **options
    )


PAGING = [
    _query("page", "Which page, from 1.", type=openapi.TYPE_INTEGER),
    _query("page_size", "25 unless said; 100 at most.", type=openapi.TYPE_INTEGER),
]
INBOX = [
    _query(
        "state",
        "Without it: read and unread.",
        enum=["unread", "read", "archived"],
    ),
    _query("severity", "Of this severity.", enum=Severity.values),
    _query("kind", "Of this kind."),
    _query("search", "In title, body and the text of the payload."),
    _query(
        "after",
        "Numbers above this, in ascending order: what came since.",
        type=openapi.TYPE_INTEGER,
    ),
    *PAGING,
]
BROADCASTS = [
    _query("status", "With this status.", enum=BroadcastStatus.values),
    *PAGING,
]
