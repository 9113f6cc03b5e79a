"""The app's registration with Django."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See docs/architecture.md for what belongs here."""

    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to Django's logins, once its models can be imported."""
        import_module("apps.accounts.receivers")
