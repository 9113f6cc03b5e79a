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
    """One message for one user.

    `payload` is the JSON text as it came in, and is sent as that text: a JSON column
    would reorder keys. `seq` is its number in the user's stream.
    """

    key = models.UUIDField(unique=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="notifications",
        db_index=False,  # the unique constraint below begins with it
    )
    seq = models.BigIntegerField()
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
