"""The app's registration with Django."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """See docs/delivery.md for what belongs here."""

    name = "apps.sandbox"
    label = "sandbox"
