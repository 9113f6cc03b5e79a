"""A notification as one would first write it."""

from typing import ClassVar

from django.db import models


class Notification(models.Model):
    """One message for one user."""

    user_id = models.BigIntegerField(db_index=True)
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Notification"]] = models.Manager()

    class Meta:
        """Belongs to no installed application of Carillon."""

        app_label = "stock"

    def __str__(self) -> str:
        """Name the recipient."""
        return f"notification for {self.user_id}"
