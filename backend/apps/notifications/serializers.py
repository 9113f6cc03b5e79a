"""What goes in and out of the notifications API."""

import json
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.notifications import policy
from apps.notifications.fields import (
    Anything,
    Audience,
    Flag,
    ItemState,
    Moment,
    Payload,
    StoredPayload,
    Text,
    WholeNumber,
)
from apps.notifications.models import Broadcast, Notification, Severity


class Strict(serializers.Serializer[Any]):
    """A body that may hold the fields named here and no others."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is not known, by name."""
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {name: ["There is no such field."] for name in unknown},
                )
        return super().to_internal_value(data)


class MessageFields(Strict):
    """What a notification says."""

    payload = Payload(required=False)
    title = Text(required=False, allow_blank=True, max_length=policy.TITLE_LENGTH)
    body = Text(required=False, allow_blank=True, max_length=policy.BODY_LENGTH)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    kind = Text(
        required=False,
        validators=[RegexValidator(f"^{policy.KIND.pattern}$")],
        help_text="What it is about, for programs: a-z, 0-9, dot, dash, underscore.",
    )
    url = Text(
        required=False,
        allow_blank=True,
        max_length=policy.URL_LENGTH,
        help_text="A path of this site (/orders/7) or an http or https address.",
    )
    expires_at = Moment(
        required=False,
        help_text="From then on it is not shown; with a time zone, in the future.",
    )

    def validate_severity(self, value: str) -> str:
        """Give the plain text."""
        return str(value)


class SendRequest(MessageFields):
    """A message and the one user that it is for."""

    user_id = WholeNumber(required=False, min_value=1)
    external_id = Text(
        required=False,
        max_length=150,
        help_text="The user's id in the calling system, in place of user_id.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require exactly one recipient."""
        if ("user_id" in attrs) == ("external_id" in attrs):
            message = "Give user_id or external_id, one of them."
            raise serializers.ValidationError({"user_id": [message]})
        return attrs


class BulkRequest(Strict):
    """Up to 500 notifications; each is looked at by itself."""

    notifications = serializers.ListField(
        child=Anything(),
        allow_empty=False,
        max_length=500,
    )


class BulkDescription(serializers.Serializer[Any]):
    """Up to 500 notifications."""

    notifications = SendRequest(many=True)


class BroadcastRequest(MessageFields):
    """A message and the audience that it is for."""

    team_id = WholeNumber(required=False, min_value=1)
    everyone = Flag(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require exactly one audience."""
        if attrs.get("everyone") is False:
            message = "Can only be true."
            raise serializers.ValidationError({"everyone": [message]})
        if ("team_id" in attrs) == ("everyone" in attrs):
            message = "Give team_id, or everyone: true, one of them."
            raise serializers.ValidationError({"team_id": [message]})
        return attrs


class ReadAllRequest(Strict):
    """How far the user has read."""

    up_to = WholeNumber(required=False, help_text="A number; without it, everything.")


class Sent(serializers.ModelSerializer[Notification]):
    """A notification as its sender sees it."""

    user_id = serializers.IntegerField(source="recipient_id")
    payload = StoredPayload(read_only=True)

    class Meta:
        """The fields of the request, and what was given to them."""

        model = Notification
        fields = ("user_id", "payload", "id", "key", "seq", "created_at")


def sent(row: Notification) -> dict[str, Any]:
    """Do what `Sent` does, for one of very many, at a fifth of the price."""
    return {
        "user_id": row.recipient_id,
        "payload": json.loads(row.payload),
        "id": row.pk,
        "key": str(row.key),
        "seq": row.seq,
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
    }


class BulkResult(serializers.Serializer[Any]):
    """What became of one notification of a bulk: created, or an error."""

    status = serializers.ChoiceField(choices=["created", "error"])
    code = serializers.CharField(required=False)
    errors = serializers.DictField(  # type: ignore[assignment]  # as in the answer
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
    )
    user_id = serializers.IntegerField(required=False)
    payload = Payload(required=False)
    id = serializers.IntegerField(required=False)
    key = serializers.UUIDField(required=False)
    seq = serializers.IntegerField(required=False)
    created_at = serializers.DateTimeField(required=False)


class BulkAnswer(serializers.Serializer[Any]):
    """A result for each notification, in their order."""

    results = BulkResult(many=True)


class BroadcastProgress(serializers.ModelSerializer[Broadcast]):
    """How far a broadcast is."""

    audience = Audience(read_only=True, source="*")
    team_id = serializers.IntegerField(allow_null=True, read_only=True)

    class Meta:
        """What a sender may see; `sent` grows up to about `recipients`."""

        model = Broadcast
        fields = (
            "id",
            "status",
            "audience",
            "team_id",
            "recipients",
            "sent",
            "title",
            "severity",
            "kind",
            "created_at",
        )


class BroadcastPage(serializers.Serializer[Any]):
    """A page of broadcasts."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = BroadcastProgress(many=True)


class InboxItem(serializers.ModelSerializer[Notification]):
    """A notification as its recipient sees it."""

    payload = StoredPayload(read_only=True)
    state = ItemState(read_only=True, source="*")

    class Meta:
        """Everything but who sent it and how."""

        model = Notification
        fields = (
            "id",
            "key",
            "seq",
            "payload",
            "title",
            "body",
            "severity",
            "kind",
            "url",
            "created_at",
            "expires_at",
            "acked_at",
            "read_at",
            "archived_at",
            "state",
        )


class StreamPosition(serializers.Serializer[Any]):
    """Where a socket resumes that follows this page of the inbox."""

    epoch = serializers.CharField()
    last_seq = serializers.IntegerField()
    state_version = serializers.IntegerField()


class InboxPage(serializers.Serializer[Any]):
    """A page of the inbox; `stream` is older than the rows."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = InboxItem(many=True)
    stream = StreamPosition()
    unread = serializers.IntegerField()


class BySeverity(serializers.Serializer[Any]):
    """How many of each severity."""

    info = serializers.IntegerField()
    warning = serializers.IntegerField()
    critical = serializers.IntegerField()


class InboxCounts(serializers.Serializer[Any]):
    """What the inbox holds; `by_severity` is of the unread."""

    unread = serializers.IntegerField()
    total = serializers.IntegerField()
    archived = serializers.IntegerField()
    by_severity = BySeverity()


class ReadAllAnswer(serializers.Serializer[Any]):
    """How many were read by it, and what is unread now."""

    updated = serializers.IntegerField()
    unread = serializers.IntegerField()
