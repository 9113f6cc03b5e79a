"""The app's registration with Django."""

from django.apps import AppConfig

from apps.accounts import vocabulary
from apps.common import backlog, clock


class NotificationsConfig(AppConfig):
    """See docs/architecture.md for what belongs here."""

    name = "apps.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Let people choose how they hear of messages; say what waits."""
        vocabulary.register_kinds(self.label, lambda: ["message"])
        broadcasts = self.get_model("Broadcast")._default_manager
        deliveries = self.get_model("Delivery")._default_manager
        backlog.watch("broadcasts", lambda: broadcasts.exclude(status="done"))
        backlog.watch(
            "deliveries",
            lambda: deliveries.filter(next_at__lte=clock.now(), token=None),
        )
