"""Events: what happened in a service, and how each channel says it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.notifications.models import Notification, Severity


class Event(models.Model):
    """Something that a service tells people of, in the words of its templates.

    `owner` is the lineage of the service's keys; empty means the administrators.
    `variables`, where given, are all names that the templates may use; `sample` is
    the data that the preview is filled with.
    """

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    kind = models.CharField(
        max_length=64,
        default="event",
        help_text="Users choose by kind what they want to hear.",
    )
    severity = models.CharField(
        max_length=8,
        choices=Severity,
        default=Severity.INFO,
    )
    default_language = models.CharField(
        max_length=12,
        default="en",
        help_text="Spoken to whoever has a language without a template.",
    )
    variables = models.JSONField(default=list, blank=True)
    sample = models.JSONField(default=dict, blank=True)
    owner = models.CharField(max_length=32, blank=True)
    created_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first; a service has one event of a name."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(deleted_at=None),
                name="events_one_of_a_name_per_owner",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class EventTemplate(models.Model):
    """How an event is said by one channel in one language."""

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="templates",
        db_index=False,  # the unique constraint below begins with it
    )
    channel = models.CharField(max_length=32)
    locale = models.CharField(max_length=12)
    subject = models.CharField(
        max_length=500,
        blank=True,
        help_text="E-mail: the subject. In the app: the title.",
    )
    content = models.TextField(blank=True)
    is_html = models.BooleanField(default=False)
    attachments = models.PositiveSmallIntegerField(default=0)
    url = models.CharField(
        max_length=2000,
        blank=True,
        help_text="In the app: where a click leads.",
    )

    class Meta:
        """One of a kind."""

        verbose_name = "template"
        ordering: ClassVar = ["channel", "locale"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "channel", "locale"],
                name="events_one_template_per_channel_and_locale",
            ),
        ]

    def __str__(self) -> str:
        """Say for what it is."""
        return f"{self.channel} in {self.locale}"


class SendStatus(models.TextChoices):
    """How far a send is."""

    QUEUED = "queued"
    DONE = "done"


class EventSend(models.Model):
    """One call that sent an event; what is not sent at once a worker fans out.

    A chunk's notifications and the cursors of its parts commit together. `skipped`
    are users who were disabled meanwhile.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="sends")
    source = models.CharField(max_length=100)
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    status = models.CharField(
        max_length=8,
        choices=SendStatus,
        default=SendStatus.QUEUED,
    )
    recipients = models.JSONField(default=dict)
    total = models.PositiveIntegerField()
    sent = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)

    class Meta:
        """Newest first; the unfinished ones are found by index."""

        verbose_name = "send"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(status="queued"),
                name="events_send_open",
            ),
            models.Index(
                fields=["created_at"],
                condition=Q(status="done"),
                name="events_send_done",
            ),
        ]

    def __str__(self) -> str:
        """Name the send."""
        return f"send {self.pk}"


class EventSendPart(models.Model):
    """What one channel still has to be told to whom; gone when the send is done.

    `contents` is what each locale's template became. `cursor` counts through the
    users first and the addresses then.
    """

    send = models.ForeignKey(EventSend, on_delete=models.CASCADE, related_name="parts")
    channel = models.CharField(max_length=32)
    contents = models.JSONField()
    attachments = models.JSONField(default=list)
    language = models.CharField(max_length=12, blank=True)
    user_ids = models.JSONField(default=list)
    addresses = models.JSONField(default=list)
    cursor = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        """Say what it is for."""
        return f"{self.channel} of send {self.send_id}"


class EventMessage(models.Model):
    """A notification that a send made."""

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="messages",
        db_index=False,  # the index below begins with it
    )
    send = models.ForeignKey(
        EventSend,
        on_delete=models.CASCADE,
        related_name="messages",
    )
    notification = models.OneToOneField(
        Notification,
        on_delete=models.CASCADE,
        related_name="event_message",
    )
    channel = models.CharField(max_length=32)

    class Meta:
        """Newest first, by event."""

        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["event", "-id"], name="events_messages_of_event"),
        ]

    def __str__(self) -> str:
        """Say what it is."""
        return f"{self.channel} notification {self.notification_id}"
