"""Say by the exit code whether a part has shown life lately: for health checks."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.common import clock, status
from apps.common.models import SignOfLife


class Command(BaseCommand):
    """`manage.py check_sign_of_life worker [--seconds 60]`."""

    help = "Fail unless this part has left a sign of life within the last minute."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which part, and how old its sign may be."""
        parser.add_argument(
            "part",
            choices=[status.WORKER, status.BEAT, status.RABBITMQ_CONSUMER],
        )
        parser.add_argument("--seconds", type=float, default=60.0)

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at its row."""
        part = options["part"]
        oldest = clock.now() - timedelta(seconds=options["seconds"])
        if not SignOfLife.objects.filter(part=part, seen_at__gte=oldest).exists():
            message = f"{part} has shown no life for {options['seconds']:g} s"
            raise CommandError(message)
        self.stdout.write(f"{part} lives")
