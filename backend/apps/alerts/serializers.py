"""What goes in and out of the alerts API."""

from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers

from apps.alerts import policy
from apps.alerts.models import (
    LEAST_INTERVAL_SECONDS,
    MOST_INTERVAL_SECONDS,
    Alert,
    Channel,
    State,
    Visibility,
)
from apps.alerts.policy import Status
from apps.common import clock
from apps.notifications.fields import Flag, Moment, Text, WholeNumber
from apps.notifications.models import Severity
from apps.notifications.serializers import BySeverity, InboxItem, Strict

LONGEST_SNOOZE_MINUTES = int(policy.LONGEST_SNOOZE.total_seconds() // 60)


class StatusField(serializers.Field[Any, Any, Any, Any]):
    """Where an alert is in its life; its source is the whole row."""

    class Meta:
        """How it is described."""

        swagger_schema_fields: ClassVar = {
            "type": "string",
            "enum": [each.value for each in Status],
        }

    def to_representation(self, value: Alert) -> str:
        """Say it."""
        return policy.status(value, now=clock.now()).value


def _ids(help_text: str) -> "serializers.ListField":
    return serializers.ListField(
        child=WholeNumber(min_value=1),
        required=False,
        max_length=policy.TARGETS_LIMIT,
        help_text=help_text,
    )


class AlertBody(Strict):
    """An alert as administrators write and read it."""

    id = serializers.IntegerField(read_only=True)
    title = Text(max_length=policy.TITLE_LENGTH)
    message = Text(max_length=policy.MESSAGE_LENGTH)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    visibility_type = serializers.ChoiceField(choices=Visibility.choices)
    target_teams = _ids("Ids of teams, for visibility_type team.")
    target_users = _ids("Ids of users, for visibility_type user.")
    start_time = Moment(required=False, help_text="Now, unless given.")
    expiry_time = Moment(help_text="After start_time; it may lie in the past.")
    reminders_enabled = Flag(required=False)
    reminder_interval = WholeNumber(
        required=False,
        help_text=(
            f"Seconds, {LEAST_INTERVAL_SECONDS} to {MOST_INTERVAL_SECONDS}; 7200 "
            "unless given."
        ),
    )
    max_reminders = WholeNumber(
        required=False,
        allow_null=True,
        min_value=1,
        help_text="For each person; null: until it expires.",
    )
    channels = serializers.ListField(
        child=serializers.ChoiceField(choices=Channel.choices),
        required=False,
        max_length=len(Channel.values),
        help_text="Must hold in_app, where an alert is always shown.",
    )
    remind_outside = Flag(
        required=False,
        help_text="Reminders also go by the outside channels; false unless given.",
    )
    is_active = Flag(required=False)
    status = StatusField(read_only=True, source="*")
    created_by = serializers.IntegerField(read_only=True, source="created_by_id")
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)
    published_at = serializers.DateTimeField(read_only=True)
    archived_at = serializers.DateTimeField(read_only=True)

    def to_representation(self, instance: Any) -> Any:
        """Name the targets by their ids, as they are written."""
        found: dict[str, Any] = {}
        for name, field in self.get_fields().items():
            if name in {"target_teams", "target_users"}:
                found[name] = sorted(each.pk for each in getattr(instance, name).all())
                continue
            field.bind(name, self)
            value = field.get_attribute(instance)
            found[name] = None if value is None else field.to_representation(value)
        return found

    def validate_severity(self, value: str) -> str:
        """Give the plain text."""
        return str(value)

    def validate_visibility_type(self, value: str) -> str:
        """Give the plain text."""
        return str(value)

    def validate_channels(self, value: list[str]) -> list[str]:
        """Give plain texts."""
        return [str(each) for each in value]


class AlertPage(serializers.Serializer[Any]):
    """A page of alerts."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AlertBody(many=True)


class UserAlertWish(serializers.Serializer[Any]):
    """Which of their alerts somebody asks for."""

    state = serializers.ChoiceField(
        choices=State.choices, required=False, allow_blank=True
    )
    severity = serializers.ChoiceField(
        choices=Severity.choices, required=False, allow_blank=True
    )


class SnoozeRequest(Strict):
    """How long an alert is to rest; without a body, to the end of the user's day."""

    until = Moment(required=False)
    minutes = WholeNumber(
        required=False, min_value=1, help_text=f"At most {LONGEST_SNOOZE_MINUTES}."
    )

    def validate_minutes(self, value: int) -> int:
        """Keep it within a year."""
        if value > LONGEST_SNOOZE_MINUTES:
            message = f"At most {LONGEST_SNOOZE_MINUTES}."
            raise serializers.ValidationError(message)
        return value

    def validate_until(self, value: datetime) -> datetime:
        """Keep it in the future, and within a year."""
        now = clock.now()
        if not now < value <= now + policy.LONGEST_SNOOZE:
            message = "Must be in the future, and within a year."
            raise serializers.ValidationError(message)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of the two."""
        if len(attrs) > 1:
            message = "Give until or minutes, one of them."
            raise serializers.ValidationError({"until": [message]})
        return attrs


class UserAlert(serializers.Serializer[Any]):
    """An alert as one person sees it."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    message = serializers.CharField()
    severity = serializers.ChoiceField(choices=Severity.choices)
    visibility_type = serializers.ChoiceField(choices=Visibility.choices)
    start_time = serializers.DateTimeField()
    expiry_time = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=State.choices)
    read_at = serializers.DateTimeField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    reminders = serializers.IntegerField(help_text="How often it was reminded of.")
    last_reminded_at = serializers.DateTimeField(allow_null=True)


class UserAlertPage(serializers.Serializer[Any]):
    """A page of somebody's alerts; `version` is older than the rows."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = UserAlert(many=True)
    unread = serializers.IntegerField()
    version = serializers.IntegerField()


class DashboardAlerts(serializers.Serializer[Any]):
    """The alerts' half; `by_severity` is of the unread."""

    unread = serializers.IntegerField()
    read = serializers.IntegerField()
    snoozed = serializers.IntegerField()
    by_severity = BySeverity()
    latest = UserAlert(many=True)


class DashboardNotifications(serializers.Serializer[Any]):
    """The inbox's half; `by_severity` is of the unread."""

    unread = serializers.IntegerField()
    by_severity = BySeverity()
    latest = InboxItem(many=True)


class Dashboard(serializers.Serializer[Any]):
    """What waits for somebody."""

    alerts = DashboardAlerts()
    notifications = DashboardNotifications()


class Figures(serializers.Serializer[Any]):
    """What an alert, or several, came to."""

    recipients = serializers.IntegerField(help_text="The size of the audience now.")
    told = serializers.IntegerField(help_text="Rows of the log of deliveries.")
    delivered = serializers.IntegerField(help_text="Really shown, or read by a call.")
    read = serializers.IntegerField()
    snoozed = serializers.IntegerField()
    read_rate = serializers.FloatField(help_text="Read of recipients, 0 to 1.")
    reminders = serializers.IntegerField()
    median_seconds_to_read = serializers.FloatField(allow_null=True)


class Totals(Figures):
    """All alerts together."""

    alerts = serializers.IntegerField()
    active = serializers.IntegerField()
    scheduled = serializers.IntegerField()
    expired = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    archived = serializers.IntegerField()


class SeverityFigures(Totals):
    """The alerts of one severity."""

    severity = serializers.ChoiceField(choices=Severity.choices)


class VisibilityFigures(Totals):
    """The alerts for one kind of audience."""

    visibility_type = serializers.ChoiceField(choices=Visibility.choices)


class ChannelFigures(serializers.Serializer[Any]):
    """One channel."""

    channel = serializers.ChoiceField(choices=Channel.choices)
    told = serializers.IntegerField()
    delivered = serializers.IntegerField()
    read = serializers.IntegerField()
    snoozed = serializers.IntegerField()
    reminders = serializers.IntegerField()


class TeamFigures(serializers.Serializer[Any]):
    """One team; null for people without one."""

    team_id = serializers.IntegerField(allow_null=True)
    team = serializers.CharField(allow_null=True)
    told = serializers.IntegerField()
    delivered = serializers.IntegerField()
    read = serializers.IntegerField()
    snoozed = serializers.IntegerField()
    reminders = serializers.IntegerField()
    by_channel = ChannelFigures(many=True)


class DayFigures(serializers.Serializer[Any]):
    """What happened on one day (UTC)."""

    date = serializers.DateField()
    told = serializers.IntegerField()
    delivered = serializers.IntegerField()
    read = serializers.IntegerField()
    snoozed = serializers.IntegerField()
    reminders = serializers.IntegerField()


class AlertFigures(Figures):
    """One alert."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(choices=Severity.choices)
    visibility_type = serializers.ChoiceField(choices=Visibility.choices)
    status = serializers.ChoiceField(choices=[each.value for each in Status])
    is_archived = serializers.BooleanField()
    by_channel = ChannelFigures(many=True)


class AlertFiguresPage(serializers.Serializer[Any]):
    """A page of alerts with their figures."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AlertFigures(many=True)


class Analytics(serializers.Serializer[Any]):
    """How alerts are received."""

    totals = Totals()
    by_severity = SeverityFigures(many=True)
    by_visibility = VisibilityFigures(many=True)
    by_channel = ChannelFigures(many=True)
    by_team = TeamFigures(many=True)
    over_time = DayFigures(many=True)
    alerts = AlertFiguresPage()
