"""What the API's description says of these operations, beside their bodies."""

from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import FieldInspector, NotHandled

from apps.notifications.fields import Payload
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
    pattern="^[!-~]([ -~]{0,253}[!-~])?$",
    required=False,
)
KEY = openapi.Parameter(
    "key",
    openapi.IN_PATH,
    description="The notification's key.",
    type=openapi.TYPE_STRING,
    format=openapi.FORMAT_UUID,
    required=True,
)
NOTIFICATION_ID = openapi.Parameter(
    "notification_id",
    openapi.IN_PATH,
    description="The notification's id.",
    type=openapi.TYPE_INTEGER,
    required=True,
)
BROADCAST_ID = openapi.Parameter(
    "broadcast_id",
    openapi.IN_PATH,
    description="The broadcast's id.",
    type=openapi.TYPE_INTEGER,
    required=True,
)


class PayloadInspector(FieldInspector):
    """A payload is of no particular type, which drf-yasg cannot say by itself."""

    def field_to_swagger_object(
        self,
        field: Any,
        swagger_object_type: Any,
        use_references: bool,  # noqa: FBT001  (drf-yasg's)
        **options: Any,
    ) -> Any:
        """Describe a payload, and leave other fields to others."""
        if not isinstance(field, Payload):
            return NotHandled
        described = openapi.Schema(
            type=openapi.TYPE_OBJECT,
            title="Payload",
            description="Any JSON value but null, at most 32 KiB as text.",
            example={"order": 7, "text": "Your order is ready"},
        )
        del described["type"]
        return described


INSPECTORS = [PayloadInspector]


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
    _query(
        "before",
        "Numbers below this: where a list is continued, whatever came or went since.",
        type=openapi.TYPE_INTEGER,
    ),
    *PAGING,
]
BROADCASTS = [
    _query("status", "With this status.", enum=BroadcastStatus.values),
    *PAGING,
]
