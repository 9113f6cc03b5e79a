"""The app's registration with Django."""

from importlib import import_module

from django.apps import AppConfig

from apps.accounts import vocabulary


class AlertsConfig(AppConfig):
    """See docs/alerts.md for what belongs here."""

    name = "apps.alerts"
    label = "alerts"

    def ready(self) -> None:
        """Register with those below this app, once models are there."""
        import_module("apps.alerts.outside")
        import_module("apps.alerts.live")
        import_module("apps.alerts.demo")
        vocabulary.register_kinds(self.label, lambda: ["alert"])
