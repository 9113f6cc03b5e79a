"""What the API's description says of these operations, beside their bodies."""

from drf_yasg import openapi

from apps.alerts.models import State, Visibility
from apps.alerts.policy import Status
from apps.notifications.descriptions import PAGING
from apps.notifications.models import Severity

YES_NO = ["true", "false"]
ALERT_ID = openapi.Parameter(
    "alert_id",
    openapi.IN_PATH,
    description="The alert's id.",
    type=openapi.TYPE_INTEGER,
    required=True,
)


def _query(
    name: str, description: str, enum: "list[str] | None" = None
) -> openapi.Parameter:
    return openapi.Parameter(
        name,
        openapi.IN_QUERY,
        description=description,
        required=False,
        type=openapi.TYPE_STRING,
        **({"enum": enum} if enum else {}),
    )


ALERTS = [
    openapi.Parameter(
        "id",
        openapi.IN_QUERY,
        description="The one with this id.",
        required=False,
        type=openapi.TYPE_INTEGER,
        minimum=1,
    ),
    _query("severity", "Of this severity.", list(Severity.values)),
    _query("visibility_type", "For this kind of audience.", list(Visibility.values)),
    _query("is_active", "By the stored switch.", YES_NO),
    _query("status", "With this status now.", [each.value for each in Status]),
    _query("archived", "Without it, archived alerts are left out.", YES_NO),
    _query("search", "In title and message."),
    *PAGING,
]
USER_ALERTS = [
    _query("state", "In this state.", list(State.values)),
    _query("severity", "Of this severity.", list(Severity.values)),
    *PAGING,
]
ANALYTICS = ALERTS
