"""Rows that belong to no domain."""

from django.db import models


class IdempotentAnswer(models.Model):
    """The stored answer to a request that carried an Idempotency-Key."""

    caller = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status_code = models.PositiveSmallIntegerField()
    body = models.TextField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        """One answer per caller and key."""

        constraints = [
            models.UniqueConstraint(
                fields=["caller", "key"],
                name="common_one_answer_per_caller_and_key",
            ),
        ]

    def __str__(self) -> str:
        """Name the key."""
        return f"{self.caller} {self.key}"


class SignOfLife(models.Model):
    """When a part of the deployment last said that it works."""

    part = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        """Read as a small table."""

        verbose_name_plural = "signs of life"

    def __str__(self) -> str:
        """Name the part."""
        return self.part
