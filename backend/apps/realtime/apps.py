"""The app's registration with Django."""

from django.apps import AppConfig


class RealtimeConfig(AppConfig):
    """See docs/architecture.md for what belongs here."""

    name = "apps.realtime"
    label = "realtime"
