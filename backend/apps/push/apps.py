"""The app's registration with Django."""

from django.apps import AppConfig


class PushConfig(AppConfig):
    """See docs/architecture.md for what belongs here."""

    name = "apps.push"
    label = "push"
