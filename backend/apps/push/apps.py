"""The app's registration with Django."""

from typing import Any

from django.apps import AppConfig

from apps.accounts.signals import standing_changed
from apps.push.publishing import publish_recheck


def _recheck(user_id: int, **_: Any) -> None:
    publish_recheck(user_id)


class PushConfig(AppConfig):
    """From the server to a browser."""

    name = "apps.push"
    label = "push"

    def ready(self) -> None:
        """Tell the hubs when the standing of a user changes."""
        standing_changed.connect(_recheck, dispatch_uid="push.recheck")
