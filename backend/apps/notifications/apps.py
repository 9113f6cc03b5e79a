"""The app's registration with Django."""

from django.apps import AppConfig

from apps.accounts import vocabulary


class NotificationsConfig(AppConfig):
    """See docs/architecture.md for what belongs here."""

    name = "apps.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Let people choose how they hear of messages."""
        vocabulary.register_kinds(self.label, lambda: ["message"])
