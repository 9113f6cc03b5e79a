"""The fake domain's registration with Django."""

from importlib import import_module

from django.apps import AppConfig


class FakeDomainConfig(AppConfig):
    """Mailings out of a file."""

    name = "tests.fake_domain"
    label = "fake_domain"

    def ready(self) -> None:
        """Register with the socket, as a real domain does once models are there."""
        import_module("tests.fake_domain.domain")
