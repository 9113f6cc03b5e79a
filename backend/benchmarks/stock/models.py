"""A notification as one would first write it."""

from django.db import models


class Notification(models.Model):
    """One message for one user."""

    user_id = models.BigIntegerField(db_index=True)
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager["Notification"]()

    class Meta:
        """Belongs to no installed application of Carillon."""

        app_label = "stock"

    def __str__(self) -> str:
        """Name the recipient."""
        return f"notification for {self.user_id}"
