"""Files with clients: what was uploaded, and what became of each line."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.accounts.models import User


class ImportStatus(models.TextChoices):
    """Where an import is."""

    CHECKING = "checking"
    REFUSED = "refused"
    WRITING = "writing"
    DONE = "done"


class ClientImport(models.Model):
    """A file with clients: checked as a whole first, then written.

    `cursor` is the last line that is done with in the present pass.
    """

    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(
        max_length=10, choices=ImportStatus, default=ImportStatus.CHECKING
    )
    skip_invalid = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    cursor = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    invalid = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)

    class Meta:
        """Newest first; what is unfinished by index."""

        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(status__in=["checking", "writing"]),
                name="mailings_imports_open",
            ),
        ]

    def __str__(self) -> str:
        """Name it by its number."""
        return f"import {self.pk}"


class ImportPart(models.Model):
    """A piece of an import's file; gone when the import is finished."""

    client_import = models.ForeignKey(
        ClientImport,
        on_delete=models.CASCADE,
        related_name="parts",
        db_index=False,  # the unique constraint below begins with it
    )
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        """In their order."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client_import", "number"], name="mailings_one_part"
            ),
        ]

    def __str__(self) -> str:
        """Name the part."""
        return f"part {self.number}"


class RowResult(models.TextChoices):
    """What became of a line of an import."""

    VALID = "valid"
    INVALID = "invalid"
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class ImportRow(models.Model):
    """What became of one line of an import; the report."""

    client_import = models.ForeignKey(
        ClientImport,
        on_delete=models.CASCADE,
        related_name="report",
        db_index=False,  # the unique constraint below begins with it
    )
    line = models.PositiveIntegerField()
    phone_number = models.CharField(max_length=32, blank=True)
    result = models.CharField(max_length=10, choices=RowResult)
    field = models.CharField(max_length=20, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        """One row per line."""

        ordering: ClassVar = ["line"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client_import", "line"], name="mailings_one_row_per_line"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["client_import", "phone_number"],
                name="mailings_import_numbers",
            ),
        ]

    def __str__(self) -> str:
        """Name the line and the result."""
        return f"{self.line}: {self.result}"
