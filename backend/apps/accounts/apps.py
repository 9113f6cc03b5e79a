"""The app's registration with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See docs/architecture.md for what belongs here."""

    name = "apps.accounts"
    label = "accounts"
