"""The app's registration with Django."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """See docs/architecture.md for what belongs here."""

    name = "apps.notifications"
    label = "notifications"
