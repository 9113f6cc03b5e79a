"""What goes in where an event is sent, and what is shown of what became of it."""

from typing import Any

from rest_framework import serializers

from apps.accounts import vocabulary
from apps.events import masking
from apps.events.models import EventMessage, EventSend
from apps.events.recipients import Part, address_field
from apps.events.serializers import DataObject
from apps.notifications.fields import Text, WholeNumber
from apps.notifications.models import Delivery, NotificationAttempt
from apps.notifications.serializers import Strict

LIST_AT_MOST = 50_000


def _texts(length: int, hint: str) -> serializers.ListField:
    return serializers.ListField(
        child=Text(max_length=length),
        required=False,
        max_length=LIST_AT_MOST,
        help_text=hint,
    )


class PartBody(Strict):
    """Who is told by one channel, and with which data."""

    user_ids = serializers.ListField(
        child=WholeNumber(min_value=1),
        required=False,
        max_length=LIST_AT_MOST,
    )
    external_ids = _texts(150, "The users' ids in the calling system.")
    metadata = DataObject(
        required=False,
        help_text="What the template is filled with.",
    )


class OutsidePartBody(PartBody):
    """The same, with addresses of those who are no users."""

    language = Text(
        required=False,
        max_length=12,
        help_text="Of the addresses; users have their own.",
    )


class EmailPartBody(OutsidePartBody):
    """By e-mail."""

    to_email = _texts(254, "Addresses.")
    attachments = _texts(2000, "https URLs of the files that come with each message.")


class SmsPartBody(OutsidePartBody):
    """By SMS; a service needs the scope `sms:send` too."""

    to_phone_number = _texts(32, "7XXXXXXXXXX.")


class TelegramPartBody(OutsidePartBody):
    """By Telegram."""

    to_chat_id = _texts(64, "Numeric ids, or names such as @channel.")


class WebhookPartBody(OutsidePartBody):
    """By webhook."""

    to_url = _texts(2000, "https URLs.")


class OtherPartBody(OutsidePartBody):
    """By a channel that was added."""

    to = _texts(2000, "Addresses.")


class SendEventBody(Strict):
    """Who is told, channel by channel."""

    email = EmailPartBody(required=False)
    sms = SmsPartBody(required=False)
    telegram = TelegramPartBody(required=False)
    webhook = WebhookPartBody(required=False)
    in_app = PartBody(required=False)

    def get_fields(self) -> dict[str, Any]:
        """Add the channels that were added."""
        fields = super().get_fields()
        for name in vocabulary.channels():
            fields.setdefault(name, OtherPartBody(required=False))
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require at least one channel."""
        if not attrs:
            message = f"Name at least one channel: {', '.join(self.fields)}."
            raise serializers.ValidationError(message)
        return attrs

    @property
    def parts(self) -> list[Part]:
        """Return what is said of each channel."""
        return [
            Part(
                channel=channel,
                user_ids=said.get("user_ids", ()),
                external_ids=said.get("external_ids", ()),
                addresses=said.get(address_field(channel), ()),
                metadata=said.get("metadata", {}),
                attachments=said.get("attachments", ()),
                language=said.get("language", ""),
            )
            for channel, said in self.validated_data.items()
        ]


class SendAnswer(serializers.ModelSerializer[EventSend]):
    """A send, and how far it is."""

    id = serializers.IntegerField(help_text="Finds its notifications by `?send=`.")
    status = serializers.ChoiceField(choices=["queued"])
    recipients = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="How many, by channel.",
    )

    class Meta:
        """What its sender sees."""

        model = EventSend
        fields = ("id", "event_id", "status", "recipients", "total", "created_at")

    def to_representation(self, instance: EventSend) -> dict[str, Any]:
        """Say queued: what is sent is in the status of each notification."""
        shown: dict[str, Any] = super().to_representation(instance)
        return {**shown, "status": "queued"}


class EventMessageRow(serializers.ModelSerializer[EventMessage]):
    """What became of one notification of an event."""

    id = serializers.IntegerField(source="notification_id")
    key = serializers.UUIDField(source="notification.key")
    send = serializers.IntegerField(source="send_id")
    status = serializers.SerializerMethodField()
    held = serializers.SerializerMethodField()
    hold_reason = serializers.SerializerMethodField()
    user_id = serializers.IntegerField(
        source="notification.recipient_id",
        allow_null=True,
    )
    address = serializers.SerializerMethodField(
        help_text="Masked; empty where it is the user's own.",
    )
    created_at = serializers.DateTimeField(source="notification.created_at")
    finished_at = serializers.SerializerMethodField()

    class Meta:
        """What its sender sees in a list."""

        model = EventMessage
        fields: tuple[str, ...] = (
            "id",
            "key",
            "event_id",
            "send",
            "channel",
            "status",
            "held",
            "hold_reason",
            "user_id",
            "address",
            "created_at",
            "finished_at",
        )

    def get_status(self, row: EventMessage) -> str:
        """Say it; what is only on the page is there with its row."""
        delivery = delivery_of(row)
        return str(delivery.status) if delivery else "sent"

    def get_held(self, row: EventMessage) -> bool:
        """Say whether it waits for what is not time."""
        delivery = delivery_of(row)
        return delivery is not None and delivery.held

    def get_hold_reason(self, row: EventMessage) -> str:
        """Say for what."""
        delivery = delivery_of(row)
        return delivery.hold_reason if delivery else ""

    def get_address(self, row: EventMessage) -> str:
        """Show as much of it as tells it apart."""
        delivery = delivery_of(row)
        known = delivery.addresses if delivery else {}
        return masking.masked(str(known.get(row.channel, "")))

    def get_finished_at(self, row: EventMessage) -> str | None:
        """Say when it was over."""
        delivery = delivery_of(row)
        at = delivery.finished_at if delivery else row.notification.created_at
        return at.isoformat().replace("+00:00", "Z") if at else None


class EventAttempt(serializers.ModelSerializer[NotificationAttempt]):
    """One attempt."""

    class Meta:
        """What its sender sees."""

        model = NotificationAttempt
        fields = (
            "round",
            "channel",
            "number",
            "status",
            "error",
            "provider_response",
            "started_at",
            "finished_at",
        )


class EventMessageBody(EventMessageRow):
    """The same with every attempt."""

    attempts = serializers.SerializerMethodField()

    class Meta(EventMessageRow.Meta):
        """And the attempts."""

        fields = (*EventMessageRow.Meta.fields, "attempts")

    def get_attempts(self, row: EventMessage) -> list[dict[str, Any]]:
        """Show them, the first one first."""
        delivery = delivery_of(row)
        if delivery is None:
            return []
        attempts = delivery.attempts.order_by("id")
        return list(EventAttempt(attempts, many=True).data)


class EventMessagePage(serializers.Serializer[Any]):
    """A page of notifications."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = EventMessageRow(many=True)


def delivery_of(row: EventMessage) -> Delivery | None:
    """Return what is known of its way outside; None for what is on the page alone."""
    return getattr(row.notification, "delivery", None)
