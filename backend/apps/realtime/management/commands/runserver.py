"""Daphne's `runserver`, with the embedded workers as `serve` has them."""

from typing import Any

from daphne.management.commands.runserver import Command as DaphneRunserver
from django.conf import settings
from django.utils.module_loading import import_string

from apps.delivery import own_sandbox
from apps.realtime import embedded


class Command(DaphneRunserver):  # type: ignore[misc]
    """The development server."""

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Start the workers in the process that serves."""
        import_string(settings.REFUSE_TO_START)()
        own_sandbox.stand_at(self.addr, int(self.port))
        embedded.start()
        super().inner_run(*args, **options)
