"""What makes a message count once, a result leave for certain, a bad one be seen."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.common.ids import uuid7
from consumers.messages import SEND


class InboxMessage(models.Model):
    """A message that was taken; it commits together with what came of it.

    `batch` says which transaction wrote the row, `body_hash` stands for a publisher
    that gives no message id (then `message_id` is one of ours).
    """

    source = models.CharField(max_length=600)
    message_id = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64, blank=True)
    batch = models.UUIDField()
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        """Once per publisher."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["message_id", "source"],
                name="consumers_one_message_per_id",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["body_hash"],
                condition=~Q(body_hash=""),
                name="consumers_unnamed_message",
            ),
        ]

    def __str__(self) -> str:
        """Name the message."""
        return f"{self.source} {self.message_id}"


class OutboxResult(models.Model):
    """A message on its way to the exchange; gone once the broker confirmed it.

    `key` is its message id, so that a receiver can tell a repetition. Whoever
    publishes it moves `due_at` ahead first; past that time it may be tried again.
    """

    key = models.UUIDField(unique=True, default=uuid7, editable=False)
    routing_key = models.CharField(max_length=100)
    body = models.BinaryField()
    content_type = models.CharField(max_length=255, blank=True)
    correlation_id = models.CharField(max_length=255, blank=True)
    headers = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        """Say where it goes."""
        return f"{self.routing_key} {self.key}"


class DeadLetter(models.Model):
    """A message that could not be taken, until somebody sends it again or discards it.

    `times` counts how often it died; a message sent again carries `key` along.
    """

    key = models.UUIDField(unique=True, default=uuid7, editable=False)
    routing_key = models.CharField(max_length=100, default=SEND)
    reason = models.CharField(max_length=64, db_index=True)
    detail = models.TextField(blank=True)
    times = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)
    sent_again_at = models.DateTimeField(null=True, blank=True, db_index=True)
    body = models.BinaryField()
    body_size = models.PositiveBigIntegerField()
    message_id = models.CharField(max_length=255, blank=True)
    correlation_id = models.CharField(max_length=255, blank=True)
    content_type = models.CharField(max_length=255, blank=True)
    source = models.CharField(max_length=600, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-last_seen_at", "-id"]

    def __str__(self) -> str:
        """Name the reason and the key."""
        return f"{self.reason} {self.key}"

    @property
    def is_whole(self) -> bool:
        """Say whether the body was kept to its end."""
        return len(self.body) == self.body_size
