"""Run the sandbox by itself: an SMS gateway and a mail catcher for development."""

from typing import Any

import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.sandbox.gateway import Sandbox


class Command(BaseCommand):
    """`manage.py sandbox [--host …] [--port …]`."""

    help = "Serve the sandbox alone; name its address in SANDBOX_URL elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        """Stand beside a server on its usual port."""
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=8090)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until a signal comes.

        Raises: CommandError in production.
        """
        if settings.ENVIRONMENT == "production":
            message = "The sandbox keeps what it gets in the open; not in production."
            raise CommandError(message)
        settings.ROOT_URLCONF = "apps.sandbox.alone"
        uvicorn.run(
            Sandbox(get_asgi_application()),
            host=options["host"],
            port=options["port"],
            lifespan="off",
            log_config=None,
        )
