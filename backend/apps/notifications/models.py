"""The waist: one row per notification, one numbered stream per user."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.accounts.models import Team, User
from apps.common.ids import uuid7


class Severity(models.TextChoices):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class StreamEpoch(models.Model):
    """One row per deployment: another epoch means the store was restored."""

    epoch = models.CharField(max_length=40)

    def __str__(self) -> str:
        """Return the epoch."""
        return self.epoch


class Stream(models.Model):
    """A user's numbering: the last number given and the last change of states.

    Its row is locked to the commit by whoever inserts or changes notifications of
    the user, so that commit order is number order (docs/protocol.md, I1).
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    last_seq = models.BigIntegerField(default=0)
    state_version = models.BigIntegerField(default=0)
    pruned_to = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        """Name the user."""
        return f"stream of {self.user_id}"


class BroadcastStatus(models.TextChoices):
    """How far a broadcast is."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"


class Broadcast(models.Model):
    """One message for a whole audience, fanned out in chunks by a worker.

    `cursor` is the id of the last user done; a chunk's notifications and the cursor
    commit together.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True)
    payload = models.TextField()
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    severity = models.CharField(
        max_length=8,
        choices=Severity,
        default=Severity.INFO,
    )
    kind = models.CharField(max_length=64, default="message")
    url = models.CharField(max_length=2000, blank=True)
    source = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    status = models.CharField(
        max_length=8,
        choices=BroadcastStatus,
        default=BroadcastStatus.PENDING,
    )
    recipients = models.PositiveIntegerField()
    sent = models.PositiveIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)

    class Meta:
        """Newest first; the unfinished ones are found by index."""

        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=~Q(status="done"),
                name="notifications_broadcast_open",
            ),
        ]

    def __str__(self) -> str:
        """Name the broadcast."""
        return f"broadcast {self.pk}"


class Notification(models.Model):
    """One message for one user, or for an address that is no user's.

    `payload` is the JSON text as it came in, and is sent as that text: a JSON column
    would reorder keys. `seq` is its number in the user's stream; what is not for the
    page has none and never shows there. `acked_by` names the program that was the first
    to acknowledge or read it.
    """

    key = models.UUIDField(unique=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notifications",
        db_index=False,  # the unique constraint below begins with it
    )
    seq = models.BigIntegerField(null=True, blank=True)
    payload = models.TextField()
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    severity = models.CharField(
        max_length=8,
        choices=Severity,
        default=Severity.INFO,
    )
    kind = models.CharField(max_length=64, default="message")
    url = models.CharField(max_length=2000, blank=True)
    source = models.CharField(max_length=100, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  (null is outside of the unique constraint)
    broadcast = models.ForeignKey(
        Broadcast,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,  # the unique constraint below begins with it
    )
    created_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    acked_at = models.DateTimeField(null=True, blank=True)
    # The database's own default, for the processes of the version before this column.
    acked_by = models.CharField(max_length=40, blank=True, default="", db_default="")
    read_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Every hot path has its index: replay, inbox, unread, expiry, pruning."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recipient", "seq"],
                name="notifications_one_number_per_user",
            ),
            models.UniqueConstraint(
                fields=["source", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="notifications_one_per_idempotency_key",
            ),
            models.UniqueConstraint(
                fields=["broadcast", "recipient"],
                condition=Q(broadcast__isnull=False),
                name="notifications_once_per_broadcast",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["recipient", "seq"],
                condition=Q(
                    acked_at=None,
                    archived_at=None,
                    withdrawn_at=None,
                    expired_at=None,
                ),
                name="notifications_outstanding",
            ),
            models.Index(
                fields=["recipient", "severity"],
                condition=Q(
                    read_at=None,
                    archived_at=None,
                    withdrawn_at=None,
                    expired_at=None,
                ),
                name="notifications_unread",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False, expired_at=None),
                name="notifications_to_expire",
            ),
            models.Index(
                fields=["acked_at"],
                condition=Q(acked_at__isnull=False),
                name="notifications_acked",
            ),
        ]

    def __str__(self) -> str:
        """Return the public key."""
        return str(self.key)


class DeliveryStatus(models.TextChoices):
    """What became of a notification outside of the page."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DeliveryMode(models.TextChoices):
    """Whether one channel is enough."""

    FIRST = "first", "first that succeeds"
    ALL = "all", "every channel"


class DeliveryUntil(models.TextChoices):
    """When a notification has reached its recipient."""

    SENT = "sent", "a provider took it"
    READ = "read", "it was read"


class Delivery(models.Model):
    """The ladder of a notification's channels, and where on it the notification is.

    Made only where there is more than the page. `next_at` is schedule and lease in one:
    while `token` is set, somebody is at it until then. `next_channel` is what comes
    next, so that each channel's due rows are found without the others'. `held` says
    that it waits for what is not time: a person, a provider, quiet hours.
    """

    notification = models.OneToOneField(
        Notification,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="delivery",
    )
    channels = models.JSONField()
    mode = models.CharField(
        max_length=8,
        choices=DeliveryMode,
        default=DeliveryMode.FIRST,
    )
    until = models.CharField(
        max_length=8,
        choices=DeliveryUntil,
        default=DeliveryUntil.SENT,
    )
    wait = models.JSONField(default=list)
    skip_if_online = models.BooleanField(default=False)
    contents = models.JSONField(default=dict)
    addresses = models.JSONField(default=dict)
    status = models.CharField(
        max_length=12,
        choices=DeliveryStatus,
        default=DeliveryStatus.PENDING,
    )
    channel = models.CharField(max_length=32, blank=True)
    round = models.PositiveIntegerField(default=1)
    round_began_at = models.DateTimeField()
    message_id = models.BigIntegerField(null=True, blank=True, unique=True)
    next_channel = models.CharField(max_length=32, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    token = models.UUIDField(null=True, blank=True)
    held = models.BooleanField(default=False)
    hold_reason = models.CharField(max_length=64, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """What is due is found by index, channel by channel."""

        verbose_name_plural = "deliveries"
        indexes: ClassVar = [
            models.Index(
                fields=["next_channel", "next_at"],
                condition=Q(next_at__isnull=False),
                name="notifications_delivery_due",
            ),
        ]

    def __str__(self) -> str:
        """Name the notification."""
        return f"delivery of {self.pk}"


class AttemptStatus(models.TextChoices):
    """What came of an attempt.

    `unknown`: the provider may have taken it. `deferred`: it did not come to anything
    and does not count, the same attempt is made again. `skipped`: the channel was left
    out for the reason given.
    """

    RUNNING = "running"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DEFERRED = "deferred"
    SKIPPED = "skipped"


class NotificationAttempt(models.Model):
    """One attempt on one channel; written before it is made."""

    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.CASCADE,
        related_name="attempts",
        db_index=False,  # the unique constraint below begins with it
    )
    round = models.PositiveIntegerField(default=1)
    channel = models.CharField(max_length=32)
    number = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=AttemptStatus)
    is_permanent = models.BooleanField(default=False)
    retry_at = models.DateTimeField(null=True, blank=True)
    repeats = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=512, blank=True)
    provider_response = models.CharField(max_length=1024, blank=True)
    started_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """However many workers there are: no attempt twice, and never a fourth."""

        ordering: ClassVar = ["-id"]
        verbose_name = "attempt"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["delivery", "round", "channel", "number"],
                name="notifications_one_row_per_attempt",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=3),
                name="notifications_three_attempts",
            ),
        ]

    def __str__(self) -> str:
        """Name channel and number."""
        return f"{self.channel} {self.number}"


class SourceCounter(models.Model):
    """How many notifications of a source were tried and sent, by channel and team.

    Only of the sources that are counted (see `figures`). It stays when the
    notifications go. `team_number` is the recipient's team at that time, 0 for none.
    """

    source = models.CharField(max_length=100)
    channel = models.CharField(max_length=32)
    team_number = models.BigIntegerField(default=0)
    told = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)

    class Meta:
        """One row per source, channel and team."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "channel", "team_number"],
                name="notifications_one_source_counter",
            ),
        ]

    def __str__(self) -> str:
        """Name the source and the channel."""
        return f"{self.source} by {self.channel}"
