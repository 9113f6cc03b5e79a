"""What the API's description says of these operations, beside their bodies."""

from drf_yasg import openapi

from apps.events.selectors import STATUSES
from apps.notifications.descriptions import PAGING

EVENT_ID = openapi.Parameter(
    "event_id",
    openapi.IN_PATH,
    description="The event's id.",
    type=openapi.TYPE_INTEGER,
    required=True,
)


def query(
    name: str,
    description: str,
    *,
    kind: str = openapi.TYPE_STRING,
    **further: object,
) -> openapi.Parameter:
    """Describe a parameter of a list."""
    return openapi.Parameter(
        name,
        openapi.IN_QUERY,
        description=description,
        required=False,
        type=kind,
        **further,
    )


SLICES = [
    *PAGING,
    query(
        "limit",
        "In place of pages: how many, 100 at most.",
        kind=openapi.TYPE_INTEGER,
    ),
    query("offset", "In place of pages: after how many.", kind=openapi.TYPE_INTEGER),
]
MESSAGE_ID = openapi.Parameter(
    "message_id",
    openapi.IN_PATH,
    description="The notification's id.",
    type=openapi.TYPE_INTEGER,
    required=True,
)
MESSAGES = [
    query("status", "With this status; `held` is a part of pending.", enum=STATUSES),
    query("channel", "By this channel."),
    query(
        "send", "Of one call, by the id that it answered.", kind=openapi.TYPE_INTEGER
    ),
    *SLICES,
]
EVENTS = [query("search", "In name and description."), *SLICES]
