"""What goes in and out of the API of mailings."""

from typing import Any

from rest_framework import serializers

from apps.mailings import policy, selectors
from apps.mailings.models import (
    ClientImport,
    ImportStatus,
    Mailing,
    MailingStatus,
    RowResult,
    SendingStatus,
)
from apps.notifications.fields import Moment, Text
from apps.notifications.serializers import Strict


class MaskedPhone(serializers.CharField):
    """A number without its middle."""

    def to_representation(self, value: Any) -> str:
        """Mask it."""
        return policy.masked(str(value))


class ClientBody(Strict):
    """A client as it is written, and as its own page shows it."""

    id = serializers.IntegerField(read_only=True)
    phone_number = Text(help_text="7XXXXXXXXXX, of one client only.")
    mobile_operator_code = serializers.CharField(
        read_only=True, help_text="The three digits after the 7."
    )
    tag = Text(required=False, allow_blank=True)
    timezone = Text(required=False, help_text="IANA, such as Europe/Moscow; or UTC.")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)


class ClientRow(ClientBody):
    """A client in a list."""

    phone_number = MaskedPhone(help_text="Without its middle; see the client.")  # type: ignore[assignment]  # read only


class ClientPage(serializers.Serializer[Any]):
    """A page of clients."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ClientRow(many=True)


class Counts(serializers.Serializer[Any]):
    """What messages come to."""

    total = serializers.IntegerField()
    sent = serializers.IntegerField()
    failed = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Planned, under way or to be retried.")
    expired = serializers.IntegerField()
    unknown = serializers.IntegerField(help_text="May have arrived; nobody said.")
    cancelled = serializers.IntegerField()


def _time(text: str) -> "serializers.TimeField":
    return serializers.TimeField(required=False, allow_null=True, help_text=text)


class MailingBody(Strict):
    """A mailing as it is written and read."""

    id = serializers.IntegerField(read_only=True)
    date_start = Moment(required=False, help_text="Now, unless given.")
    date_end = Moment(help_text="Nothing is sent from then on.")
    text = Text()
    tag = Text(
        required=False, allow_blank=True, help_text="Clients with this tag; empty: any."
    )
    mobile_operator_code = Text(
        required=False, allow_blank=True, help_text="Three digits; empty: any."
    )
    time_start = _time("With time_end: hours of the client's own day.")
    time_end = _time("May be before time_start: over midnight.")
    status = serializers.ChoiceField(
        choices=MailingStatus.choices,
        required=False,
        help_text="`draft` keeps a new one from starting; else it follows the dates.",
    )
    reason = serializers.CharField(read_only=True, help_text="Why it is paused.")
    counts = serializers.SerializerMethodField()
    created_by = serializers.IntegerField(read_only=True, source="created_by_id")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)
    started_at = serializers.DateTimeField(read_only=True)
    ended_at = serializers.DateTimeField(read_only=True)

    def get_counts(self, row: Mailing) -> dict[str, int]:
        """Say what its messages come to."""
        return dict(selectors.counts(row))  # type: ignore[arg-type]  # all are numbers

    def validate_status(self, value: str) -> str:
        """Give the plain text."""
        return str(value)


class MailingPage(serializers.Serializer[Any]):
    """A page of mailings."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MailingBody(many=True)


class FullInfo(serializers.Serializer[Any]):
    """All mailings together, and a page of them."""

    mailings = serializers.IntegerField()
    counts = Counts()
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MailingBody(many=True)


class MessageRow(serializers.Serializer[Any]):
    """A message in a list."""

    id = serializers.IntegerField()
    mailing = serializers.IntegerField(source="mailing_id")
    client = serializers.IntegerField(source="client_id")
    phone_number = MaskedPhone()
    time_create = serializers.DateTimeField()
    sending_status = serializers.ChoiceField(choices=SendingStatus.choices)
    attempts = serializers.IntegerField()
    time_sent = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField()
    next_attempt_at = serializers.DateTimeField()


class MessagePage(serializers.Serializer[Any]):
    """A page of messages."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MessageRow(many=True)


class AttemptRow(serializers.Serializer[Any]):
    """One try."""

    number = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    outcome = serializers.CharField()
    http_status = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    answer = serializers.CharField(help_text="The beginning of what came back.")


class MessageBody(MessageRow):
    """A message with its tries."""

    text = serializers.CharField()
    timezone = serializers.CharField()
    maybe_sent = serializers.BooleanField()
    tries = AttemptRow(many=True)


class Info(serializers.Serializer[Any]):
    """One mailing and a page of its messages."""

    mailing = MailingBody()
    counts = Counts()
    messages = MessagePage()


class OpeningRow(serializers.Serializer[Any]):
    """When the hours of a zone begin."""

    timezone = serializers.CharField()
    clients = serializers.IntegerField()
    opens_at = serializers.DateTimeField(
        allow_null=True, help_text="Null: not before the end."
    )


class PreviewBody(serializers.Serializer[Any]):
    """What a mailing would do."""

    clients = serializers.IntegerField()
    segments = serializers.IntegerField(help_text="SMS that one text is sent as.")
    total_segments = serializers.IntegerField()
    openings = OpeningRow(many=True)


class Resent(serializers.Serializer[Any]):
    """How many are tried again."""

    resent = serializers.IntegerField()
    mailing = MailingBody()


class ImportBody(serializers.Serializer[Any]):
    """An import and where it stands."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ImportStatus.choices)
    reason = serializers.CharField(help_text="Why nothing was imported.")
    skip_invalid = serializers.BooleanField()
    rows = serializers.IntegerField(help_text="Lines that were checked so far.")
    invalid = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class ReportRow(serializers.Serializer[Any]):
    """What became of one line."""

    line = serializers.IntegerField()
    phone_number = MaskedPhone()
    result = serializers.ChoiceField(choices=RowResult.choices)
    field = serializers.CharField()
    error = serializers.CharField()


class ReportPage(serializers.Serializer[Any]):
    """A page of an import's report."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ReportRow(many=True)


class ImportReport(ImportBody):
    """An import and a page of its report."""

    report = ReportPage()


def import_body(row: ClientImport) -> Any:
    """Describe an import."""
    return ImportBody(row).data
