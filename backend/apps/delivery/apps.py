"""The app's registration with Django."""

from importlib import import_module

from django.apps import AppConfig

from apps.accounts import vocabulary


class DeliveryConfig(AppConfig):
    """See docs/delivery.md for what belongs here."""

    name = "apps.delivery"
    label = "delivery"

    def ready(self) -> None:
        """Let people choose among all channels, once models are there."""
        channels = import_module("apps.delivery.channels")
        vocabulary.register_channels(*channels.names())
