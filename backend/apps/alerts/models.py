"""Alerts: state that many see, one row each; what people do with them; what is counted.

An alert is never a notification row. A row per person exists where somebody did
something (UserAlertPreference) and in the log of deliveries, which workers write.
"""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Team, User
from apps.notifications.models import Severity

LEAST_INTERVAL_SECONDS = 900
MOST_INTERVAL_SECONDS = 604_800
DEFAULT_INTERVAL_SECONDS = 7200


class Visibility(models.TextChoices):
    """Whom an alert is for."""

    ORGANIZATION = "organization"
    TEAM = "team"
    USER = "user"


class Channel(models.TextChoices):
    """Where an alert is told; it is always shown on the page."""

    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms", "SMS"
    TELEGRAM = "telegram"
    WEBHOOK = "webhook"


class State(models.TextChoices):
    """What an alert is to one person."""

    UNREAD = "unread"
    READ = "read"
    SNOOZED = "snoozed"


def in_app_only() -> list[str]:
    """Return the channels of an alert that says nothing of them."""
    return [Channel.IN_APP.value]


class Alert(models.Model):
    """One alert, from its start to its expiry.

    `is_active` is the stored switch; whether it is shown follows from the switch and
    the times. `is_live` is what open pages were told last, so that start and expiry
    are told once. The cursors are ids of users: how far a worker is (null: done).
    """

    title = models.CharField(max_length=200)
    message = models.TextField()
    severity = models.CharField(
        max_length=8,
        choices=Severity,
        default=Severity.INFO,
    )
    visibility_type = models.CharField(
        "audience",
        max_length=12,
        choices=Visibility,
        default=Visibility.ORGANIZATION,
    )
    target_teams = models.ManyToManyField(Team, blank=True, related_name="+")
    target_users = models.ManyToManyField(User, blank=True, related_name="+")
    start_time = models.DateTimeField()
    expiry_time = models.DateTimeField()
    reminders_enabled = models.BooleanField(default=True)
    reminder_interval = models.PositiveIntegerField(
        default=DEFAULT_INTERVAL_SECONDS,
        validators=[
            MinValueValidator(LEAST_INTERVAL_SECONDS),
            MaxValueValidator(MOST_INTERVAL_SECONDS),
        ],
        help_text="Seconds between reminders: 900 (15 minutes) to 604800 (7 days).",
    )
    max_reminders = models.PositiveIntegerField(
        "most reminders",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="For each person; empty: until the alert expires.",
    )
    channels = models.JSONField(default=in_app_only)
    remind_outside = models.BooleanField(
        "remind outside of the page too",
        default=False,
        help_text="Reminders also go by the alert's outside channels.",
    )
    is_active = models.BooleanField("active", default=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    source = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    is_live = models.BooleanField(default=False)
    version = models.BigIntegerField(default=0)
    told_cursor = models.BigIntegerField(null=True, blank=True)
    outside_cursor = models.BigIntegerField(null=True, blank=True)
    reminder_slot = models.BigIntegerField(default=0)
    reminder_cursor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        """What is shown, what is to begin and what is to end are found by index."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expiry_time__gt=F("start_time")),
                name="alerts_expiry_after_start",
            ),
            models.CheckConstraint(
                condition=Q(reminder_interval__gte=LEAST_INTERVAL_SECONDS)
                & Q(reminder_interval__lte=MOST_INTERVAL_SECONDS),
                name="alerts_reminder_interval",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expiry_time", "start_time"],
                condition=Q(is_active=True, archived_at=None),
                name="alerts_shown",
            ),
            models.Index(
                fields=["expiry_time"],
                condition=Q(is_live=True),
                name="alerts_live",
            ),
            models.Index(
                fields=["id"],
                condition=Q(told_cursor__isnull=False),
                name="alerts_to_tell",
            ),
        ]

    def __str__(self) -> str:
        """Return the title."""
        return self.title


class UserAlertPreference(models.Model):
    """What somebody did with an alert; there is no row before.

    `counted_*` is what the counters hold of this row; `is_counted` is off while the
    row says something else than they do.
    """

    alert = models.ForeignKey(
        Alert,
        on_delete=models.CASCADE,
        related_name="preferences",
        db_index=False,  # the unique constraint below begins with it
    )
    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="alert_preferences",
    )
    state = models.CharField(max_length=8, choices=State, default=State.UNREAD)
    read_at = models.DateTimeField(null=True, blank=True)
    first_read_at = models.DateTimeField(null=True, blank=True)
    snoozed_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    is_day_long = models.BooleanField(default=False)
    is_counted = models.BooleanField(default=False)
    counted_state = models.CharField(max_length=8, default=State.UNREAD)
    counted_first_read = models.BooleanField(default=False)
    counted_team = models.BigIntegerField(null=True)

    class Meta:
        """One row a person and alert; snoozes that end and rows to count by index."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert", "user"],
                name="alerts_one_preference_per_user",
            ),
            models.CheckConstraint(
                condition=Q(state="snoozed", snoozed_until__isnull=False)
                | (~Q(state="snoozed") & Q(snoozed_until=None)),
                name="alerts_snoozed_until",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["snoozed_until"],
                condition=Q(state="snoozed"),
                name="alerts_snoozed",
            ),
            models.Index(
                fields=["id"],
                condition=Q(is_counted=False),
                name="alerts_to_count",
            ),
        ]

    def __str__(self) -> str:
        """Name the state."""
        return f"{self.state} by user {self.user_id}"


class AlertsVersion(models.Model):
    """One row per deployment, raised by whatever changes what somebody is shown.

    Its lock is held to the commit, so that versions commit in their order. Changes up
    to `pruned_to` are forgotten.
    """

    version = models.BigIntegerField(default=0)
    pruned_to = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        """Return the version."""
        return str(self.version)


class AlertChange(models.Model):
    """Which group a version concerns: what the poll compares with what was heard.

    `is_silent`: no frame was sent for it, the pages get their alerts anew.
    """

    version = models.BigIntegerField(db_index=True)
    group = models.CharField(max_length=40)
    is_silent = models.BooleanField(default=False)
    at = models.DateTimeField()

    def __str__(self) -> str:
        """Name the group."""
        return f"{self.version} for {self.group}"


class Result(models.TextChoices):
    """What became of telling somebody."""

    TOLD = "told"
    DELIVERED = "delivered"
    FAILED = "failed"


class AlertDelivery(models.Model):
    """The log: who was told of an alert, when, on which channel, and what came of it.

    One row per person and channel: the first time is `told_at`, reminders are counted
    in the same row, since a row per reminder would be millions for one alert.
    `last_slot` is raised by a conditional UPDATE, which is what makes a reminder happen
    once; `held_until` is the end of the quiet hours that it waits for. `team_number` is
    the person's team at that time, 0 for none.
    """

    alert = models.ForeignKey(
        Alert,
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_index=False,  # the unique constraint below begins with it
    )
    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="alert_deliveries",
    )
    channel = models.CharField(max_length=16, choices=Channel)
    team_number = models.BigIntegerField(default=0)
    told_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    last_slot = models.BigIntegerField(default=0)
    reminders = models.PositiveIntegerField(default=0)
    last_reminded_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=10, choices=Result, default=Result.TOLD)

    class Meta:
        """One row per alert, person and channel."""

        verbose_name_plural = "alert deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert", "channel", "user"],
                name="alerts_told_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["held_until"],
                condition=Q(held_until__isnull=False),
                name="alerts_reminder_held",
            ),
        ]

    def __str__(self) -> str:
        """Name the channel and the result."""
        return f"{self.channel}: {self.result}"


class AlertCounter(models.Model):
    """What the log and the preferences come to, per alert, channel and team."""

    alert = models.ForeignKey(
        Alert,
        on_delete=models.CASCADE,
        related_name="counters",
        db_index=False,  # the unique constraint below begins with it
    )
    channel = models.CharField(max_length=16, choices=Channel)
    team_number = models.BigIntegerField(default=0)
    told = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    read = models.BigIntegerField(default=0)
    snoozed = models.BigIntegerField(default=0)
    reminders = models.BigIntegerField(default=0)

    class Meta:
        """One row per alert, channel and team."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert", "channel", "team_number"],
                name="alerts_one_counter",
            ),
        ]

    def __str__(self) -> str:
        """Name the channel."""
        return f"counter of {self.channel}"


class AlertHour(models.Model):
    """How often something happened with an alert in one hour."""

    alert = models.ForeignKey(
        Alert,
        on_delete=models.CASCADE,
        related_name="hours",
        db_index=False,  # the unique constraint below begins with it
    )
    hour = models.DateTimeField(db_index=True)
    told = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    read = models.BigIntegerField(default=0)
    snoozed = models.BigIntegerField(default=0)
    reminders = models.BigIntegerField(default=0)

    class Meta:
        """One row per alert and hour."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alert", "hour"], name="alerts_one_hour"),
        ]

    def __str__(self) -> str:
        """Name the hour."""
        return self.hour.isoformat()


class AlertReadTime(models.Model):
    """How many read an alert within a span of time; the median comes from these."""

    alert = models.ForeignKey(
        Alert,
        on_delete=models.CASCADE,
        related_name="read_times",
        db_index=False,  # the unique constraint below begins with it
    )
    bucket = models.IntegerField()
    count = models.BigIntegerField(default=0)

    class Meta:
        """One row per alert and span."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["alert", "bucket"],
                name="alerts_one_bucket",
            ),
        ]

    def __str__(self) -> str:
        """Name the span."""
        return f"bucket {self.bucket}"
