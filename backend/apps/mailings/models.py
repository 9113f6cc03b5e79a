"""Mailings: a text to many phones; a row per message, which is also the queue.

A message's row is claimed, sent and settled (`engine`); what the rows come to is kept
in counters by the same transactions, so that nobody ever has to count them.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import User
from apps.accounts.validators import validate_phone, validate_timezone

# Django finds an app's models in this module alone.
from apps.mailings.import_models import (
    ClientImport,
    ImportPart,
    ImportRow,
    ImportStatus,
    RowResult,
)

__all__ = ["ClientImport", "ImportPart", "ImportRow", "ImportStatus", "RowResult"]

TEXT_LENGTH = 1000
TAG_LENGTH = 100


class MailingStatus(models.TextChoices):
    """Where a mailing is in its life."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class SendingStatus(models.TextChoices):
    """Where a message is; the last five are where it ends."""

    PLANNED = "planned"
    SENDING = "sending"
    RETRY = "retry"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


DUE = (SendingStatus.PLANNED, SendingStatus.RETRY)
OPEN = (*DUE, SendingStatus.SENDING)
ENDED = tuple(each for each in SendingStatus if each not in OPEN)


class Client(models.Model):
    """Somebody with a telephone, who does not log in.

    A deleted client stays as a row, since messages are evidence; its number is free.
    """

    phone_number = models.CharField(
        max_length=11,
        validators=[validate_phone],
        help_text="7XXXXXXXXXX",
    )
    mobile_operator_code = models.CharField(max_length=3, editable=False)
    tag = models.CharField(max_length=TAG_LENGTH, blank=True)
    timezone = models.CharField(
        "time zone",
        max_length=64,
        default="UTC",
        validators=[validate_timezone],
        help_text="An IANA name, such as Europe/Moscow.",
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One client for a number; an audience is found by index, in order of ids."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["phone_number"],
                condition=Q(deleted_at=None),
                name="mailings_one_client_per_number",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["tag", "id"],
                condition=Q(deleted_at=None),
                name="mailings_client_tag",
            ),
            models.Index(
                fields=["mobile_operator_code", "id"],
                condition=Q(deleted_at=None),
                name="mailings_client_code",
            ),
            models.Index(fields=["timezone", "id"], name="mailings_client_zone"),
        ]

    def __str__(self) -> str:
        """Return the number without its middle."""
        return f"{self.phone_number[:4]}***{self.phone_number[-4:]}"


class Mailing(models.Model):
    """One text to all clients that match, between two moments.

    `cursor` is the id of the last client whose message was written; `materialized_at`
    says that all are. Text and filter do not change from `started_at` on.
    """

    date_start = models.DateTimeField("start")
    date_end = models.DateTimeField("end")
    text = models.TextField(max_length=TEXT_LENGTH)
    tag = models.CharField(
        max_length=TAG_LENGTH, blank=True, help_text="Empty: clients with any tag."
    )
    mobile_operator_code = models.CharField(
        "operator code",
        max_length=3,
        blank=True,
        help_text="The three digits after the 7. Empty: any.",
    )
    time_start = models.TimeField(
        "from (local time)",
        null=True,
        blank=True,
        help_text="With the next: the hours of the client's day. May cross midnight.",
    )
    time_end = models.TimeField("until (local time)", null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=MailingStatus, default=MailingStatus.DRAFT
    )
    reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    cursor = models.BigIntegerField(default=0)
    materialized_at = models.DateTimeField(null=True, blank=True)
    replan_cursor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        """What is to begin and what runs are found by index."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(date_end__gt=F("date_start")),
                name="mailings_end_after_start",
            ),
            models.CheckConstraint(
                condition=Q(time_start=None, time_end=None)
                | Q(time_start__isnull=False, time_end__isnull=False),
                name="mailings_whole_window",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["status", "date_start"],
                condition=Q(status__in=["scheduled", "running", "paused"]),
                name="mailings_alive",
            ),
        ]

    def __str__(self) -> str:
        """Name it by its number and the beginning of its text."""
        return f"{self.pk}: {self.text[:40]}"


class MailingCounter(models.Model):
    """What a mailing's messages come to.

    `recent` holds the last 200 that ended, `f` for a failed one; `told_at` is when
    pages were last told of the progress.
    """

    mailing = models.OneToOneField(
        Mailing, on_delete=models.CASCADE, primary_key=True, related_name="counter"
    )
    total = models.BigIntegerField(default=0)
    sent = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    unknown = models.BigIntegerField(default=0)
    cancelled = models.BigIntegerField(default=0)
    recent = models.CharField(max_length=200, blank=True)
    told_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Say how far it is."""
        return f"{self.total - self.waiting} of {self.total}"

    @property
    def waiting(self) -> int:
        """Say how many have not ended."""
        ended = self.sent + self.failed + self.expired + self.unknown + self.cancelled
        return self.total - ended


class MailingSpan(models.Model):
    """How many messages ended within ten seconds: the chart, and the rate."""

    mailing = models.ForeignKey(
        Mailing,
        on_delete=models.CASCADE,
        related_name="spans",
        db_index=False,  # the unique constraint below begins with it
    )
    at = models.DateTimeField()
    sent = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    other = models.BigIntegerField(default=0)

    class Meta:
        """One row per mailing and span."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mailing", "at"], name="mailings_one_row_per_span"
            ),
        ]

    def __str__(self) -> str:
        """Name the span."""
        return self.at.isoformat()


class Message(models.Model):
    """One SMS for one client, as it was when the mailing started.

    `message_id` is what the gateway knows it by, the same at every try. `maybe_sent`
    stays once a try may have reached the phone. `next_attempt_at` is when it is due.
    """

    mailing = models.ForeignKey(
        Mailing,
        on_delete=models.PROTECT,
        related_name="messages",
        db_index=False,  # the unique constraint below begins with it
    )
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="messages"
    )
    message_id = models.BigIntegerField(unique=True)
    time_create = models.DateTimeField()
    phone_number = models.CharField(max_length=11)
    text = models.TextField(max_length=TEXT_LENGTH)
    timezone = models.CharField(max_length=64)
    sending_status = models.CharField(
        max_length=10, choices=SendingStatus, default=SendingStatus.PLANNED
    )
    maybe_sent = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)
    time_sent = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=100, blank=True)

    class Meta:
        """One message per mailing and client; what is due or stuck by index."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["mailing", "client"], name="mailings_one_message_per_client"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["mailing", "next_attempt_at", "id"],
                condition=Q(sending_status__in=["planned", "retry"]),
                name="mailings_due",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(sending_status="sending"),
                name="mailings_leased",
            ),
            models.Index(
                fields=["mailing", "sending_status", "id"], name="mailings_by_status"
            ),
            # A page of one mailing's messages, newest first.
            models.Index(fields=["mailing", "id"], name="mailings_newest"),
            models.Index(
                fields=["mailing", "last_error"],
                condition=~Q(last_error=""),
                name="mailings_errors",
            ),
        ]

    def __str__(self) -> str:
        """Name it by its number."""
        return f"message {self.pk}"


class MessageAttempt(models.Model):
    """One try to send a message, and what the gateway said."""

    message = models.ForeignKey(
        Message,
        on_delete=models.PROTECT,
        related_name="tries",
        db_index=False,  # the unique constraint below begins with it
    )
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=16)
    http_status = models.PositiveIntegerField(null=True)
    code = models.CharField(max_length=100, blank=True)
    answer = models.CharField(max_length=512, blank=True)

    class Meta:
        """One row per message and number."""

        ordering: ClassVar = ["message", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["message", "number"], name="mailings_one_row_per_attempt"
            ),
        ]

    def __str__(self) -> str:
        """Name the try and what came of it."""
        return f"{self.number}: {self.outcome}"


class EngineLease(models.Model):
    """One of the places for a loop that sends; whoever holds it sends."""

    place = models.PositiveIntegerField(unique=True)
    holder = models.UUIDField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        """Name the place."""
        return f"place {self.place}"


class AuditEntry(models.Model):
    """Who did what with mailings and clients, and when."""

    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=100)
    action = models.CharField(max_length=20)
    mailing = models.ForeignKey(
        Mailing, on_delete=models.SET_NULL, null=True, blank=True, related_name="audit"
    )
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]
        verbose_name_plural = "audit log"

    def __str__(self) -> str:
        """Say who did what."""
        return f"{self.action} by {self.source}"
