"""What goes in and out of `/api/notify/`."""

import re
from datetime import timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from apps.notifications import outside, policy
from apps.notifications.fields import Flag, Moment, Text, WholeNumber
from apps.notifications.models import (
    AttemptStatus,
    DeliveryMode,
    DeliveryStatus,
    DeliveryUntil,
    Severity,
)
from apps.notifications.serializers import Strict

DEFAULT_CHANNELS = ("email", "sms", "telegram")
_RECIPIENTS = {"user_id", "external_id"}
_ONE_RECIPIENT = "Give user_id or external_id, one of them."
_DURATION = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Channels(serializers.ListField):
    """Channels in the order in which they are tried."""

    child = Text(max_length=32)

    def to_internal_value(self, data: Any) -> list[str]:
        """Name the known ones where something is wrong."""
        channels: list[str] = super().to_internal_value(data)
        error = outside.channels_error(channels)
        if error:
            raise serializers.ValidationError(error)
        return channels


class Duration(Text):
    """A time such as 30s, 5m, 2h or 1d."""

    def to_internal_value(self, data: object) -> Any:
        """Accept a whole number and its unit."""
        found = _DURATION.fullmatch(super().to_internal_value(data))
        if found is None:
            message = "Write a whole number and s, m, h or d, such as 30s."
            raise serializers.ValidationError(message)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


class NotifyRequest(Strict):
    """A message for one user, and how it is to reach them."""

    user_id = WholeNumber(required=False, min_value=1)
    external_id = Text(
        required=False,
        max_length=150,
        help_text="The user's id in the calling system, in place of user_id.",
    )
    subject = Text(required=False, allow_blank=True, max_length=policy.TITLE_LENGTH)
    message = Text(max_length=policy.BODY_LENGTH)
    channels = Channels(
        required=False,
        help_text=(
            "In the order in which they are tried: email, sms, telegram, webhook, "
            "in_app. Not given: email, sms, telegram."
        ),
    )
    mode = serializers.ChoiceField(
        choices=DeliveryMode.values,
        required=False,
        help_text="first: one success is enough; all: every channel.",
    )
    until = serializers.ChoiceField(
        choices=DeliveryUntil.values,
        required=False,
        help_text="sent: a provider took it; read: it was read on the page.",
    )
    wait = serializers.ListField(
        child=Duration(),
        required=False,
        max_length=5,
        help_text="With until read: how long for a reader, by channel: 30s, 5m, 2h.",
    )
    skip_if_online = Flag(
        required=False,
        help_text="Nothing leaves while the user has a page open.",
    )
    severity = serializers.ChoiceField(choices=Severity.values, required=False)
    kind = serializers.RegexField(f"^{policy.KIND.pattern}$", required=False)
    url = Text(required=False, allow_blank=True, max_length=policy.URL_LENGTH)
    expires_at = Moment(required=False)

    def validate_message(self, value: str) -> str:
        """Refuse blanks alone."""
        if not value.strip():
            message = "This field may not be blank."
            raise serializers.ValidationError(message)
        return value

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Name a recipient that is missing beside whatever else is wrong."""
        try:
            checked: dict[str, Any] = super().to_internal_value(data)
        except serializers.ValidationError as error:
            found = error.detail
            if not isinstance(found, dict) or _RECIPIENTS & set(data):
                raise
            also = {"user_id": [ErrorDetail(_ONE_RECIPIENT, code="required")]}
            raise serializers.ValidationError({**found, **also}) from error
        return checked

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require exactly one recipient."""
        if ("user_id" in attrs) == ("external_id" in attrs):
            raise serializers.ValidationError({"user_id": [_ONE_RECIPIENT]})
        return attrs


class Accepted(serializers.Serializer[Any]):
    """What was stored; its ladder is under `/api/notify/{id}/`."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=DeliveryStatus.values)
    created_at = serializers.CharField(help_text="With microseconds and +00:00.")


class NotifyAttempt(serializers.Serializer[Any]):
    """One attempt, and what the provider said."""

    round = serializers.IntegerField(help_text="From 1; sending again begins another.")
    channel = serializers.CharField()
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=AttemptStatus.values)
    error = serializers.CharField()
    provider_response = serializers.CharField()
    started_at = serializers.CharField()
    finished_at = serializers.CharField(allow_null=True)


class NextStep(serializers.Serializer[Any]):
    """What comes next, and not before when."""

    channel = serializers.CharField()
    number = serializers.IntegerField()
    at = serializers.CharField()


class Ladder(Accepted):
    """A notification's way through its channels."""

    channel = serializers.CharField(
        allow_null=True, help_text="What it was sent by; null until it was."
    )
    channels = serializers.ListField(child=serializers.CharField())
    round = serializers.IntegerField()
    held = serializers.BooleanField(help_text="It waits for what is not time.")
    hold_reason = serializers.CharField(
        help_text="unknown, provider, quiet_hours, online, or empty."
    )
    attempts = NotifyAttempt(many=True)
    next = NextStep(allow_null=True)
