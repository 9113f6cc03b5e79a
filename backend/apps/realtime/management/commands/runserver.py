"""Daphne's `runserver`, with the embedded workers as `serve` has them."""

from typing import Any

from daphne.management.commands.runserver import Command as DaphneRunserver

from apps.realtime import embedded


class Command(DaphneRunserver):  # type: ignore[misc]
    """The development server."""

    def inner_run(self, *args: Any, **options: Any) -> None:
        """Start the workers in the process that serves."""
        embedded.start()
        super().inner_run(*args, **options)
