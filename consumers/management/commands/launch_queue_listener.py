"""Listen to RabbitMQ until a signal comes."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from consumers import process


class Command(BaseCommand):
    """`manage.py launch_queue_listener`, the same as `python -m consumers`."""

    help = "Turn messages of the RabbitMQ queue into notifications."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; the exit code says how it ended."""
        sys.exit(process.run())
