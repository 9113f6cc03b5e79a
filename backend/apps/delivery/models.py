"""What all processes that speak to outside services share."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class MessageIds(models.Model):
    """The one allocator of message ids towards gateways: a single row."""

    next_id = models.BigIntegerField()

    class Meta:
        """Only row 1 may be."""

        verbose_name_plural = "message ids"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(pk=1),
                name="delivery_one_allocator",
            ),
        ]

    def __str__(self) -> str:
        """Say what comes next."""
        return f"next: {self.next_id}"


class Breaker(models.TextChoices):
    """Whether a provider is used: closed is yes, open is no, half is one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF = "half", "probing"


class ProviderState(models.Model):
    """How a provider does, known to all processes; docs/delivery.md has the rules.

    Calls are counted in two spans of time, the current and the one before. `reason`
    is set where an operator must mend a setting, `told_at` once they were told.
    `open_until` is the time of the next probe, or until when a probe may take.
    """

    name = models.CharField(max_length=64, primary_key=True)
    breaker = models.CharField(
        max_length=8,
        choices=Breaker,
        default=Breaker.CLOSED,
    )
    reason = models.CharField(max_length=512, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    open_seconds = models.FloatField(default=0)
    open_until = models.DateTimeField(null=True, blank=True)
    span = models.BigIntegerField(default=0)
    ok = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    ok_before = models.PositiveIntegerField(default=0)
    failed_before = models.PositiveIntegerField(default=0)
    refused_in_a_row = models.PositiveIntegerField(default=0)
    tokens = models.FloatField(null=True, blank=True)
    refilled_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """By name."""

        verbose_name = "provider"
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
