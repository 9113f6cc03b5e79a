"""The app's registration with Django."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """See docs/delivery.md for what belongs here."""

    name = "apps.delivery"
    label = "delivery"
