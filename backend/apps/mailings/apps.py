"""The app's registration with Django."""

from importlib import import_module

from django.apps import AppConfig

from apps.accounts import vocabulary


class MailingsConfig(AppConfig):
    """See docs/mailings.md for what belongs here."""

    name = "apps.mailings"
    label = "mailings"

    def ready(self) -> None:
        """Register with the socket and with the demo data, once models are there."""
        import_module("apps.mailings.live")
        import_module("apps.mailings.demo")
        vocabulary.register_kinds(self.label, lambda: ["mailing"])
