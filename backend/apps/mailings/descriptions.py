"""What the API's description says of these operations, beside their bodies."""

from drf_yasg import openapi

from apps.mailings.models import MailingStatus, RowResult, SendingStatus
from apps.notifications.descriptions import PAGING

__all__ = ["PAGING"]

NOTHING = openapi.Schema(type=openapi.TYPE_OBJECT, description="No body is needed.")


def _path(name: str, description: str) -> openapi.Parameter:
    return openapi.Parameter(
        name,
        openapi.IN_PATH,
        description=description,
        type=openapi.TYPE_INTEGER,
        required=True,
    )


def _query(
    name: str,
    description: str,
    enum: "list[str] | None" = None,
    *,
    kind: str = openapi.TYPE_STRING,
) -> openapi.Parameter:
    return openapi.Parameter(
        name,
        openapi.IN_QUERY,
        description=description,
        required=False,
        type=kind,
        **({"enum": enum} if enum else {}),
    )


MAILING_ID = _path("mailing_id", "The mailing's id.")
CLIENT_ID = _path("client_id", "The client's id.")
MESSAGE_ID = _path("message_id", "The message's id.")
IMPORT_ID = _path("import_id", "The import's id.")
CLIENT_FILTERS = [
    _query("tag", "With this tag."),
    _query("mobile_operator_code", "With this operator code."),
    _query("timezone", "In this time zone."),
    _query("search", "With these digits in the number."),
]
CLIENTS = [*CLIENT_FILTERS, *PAGING]
MAILINGS = [
    _query("status", "With this status.", list(MailingStatus.values)),
    _query("tag", "To clients with this tag."),
    _query("search", "In the text."),
    *PAGING,
]
_SENDING = _query("sending_status", "With this status.", list(SendingStatus.values))
INFO = [_SENDING, *PAGING]
MESSAGES = [
    _SENDING,
    _query("mailing", "Of this mailing.", kind=openapi.TYPE_INTEGER),
    _query("client", "To this client.", kind=openapi.TYPE_INTEGER),
    *PAGING,
]
REPORT = [_query("result", "With this result.", list(RowResult.values)), *PAGING]
FILE = openapi.Parameter(
    "file", openapi.IN_FORM, description="CSV.", type=openapi.TYPE_FILE, required=True
)
SKIP_INVALID = openapi.Parameter(
    "skip_invalid",
    openapi.IN_FORM,
    description="Write the right lines although others are wrong.",
    type=openapi.TYPE_BOOLEAN,
    required=False,
)
