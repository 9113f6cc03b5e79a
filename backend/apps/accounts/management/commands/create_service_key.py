"""Make a service key and print its secret, this once."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import service_keys
from apps.common import clock


class Command(BaseCommand):
    """Make a service key."""

    help = "Make a service key; id and token are printed once and stored hashed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the name, the scopes and how long it lasts."""
        parser.add_argument("name", help="what the service is called")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            dest="scopes",
            help=f"may be repeated; one of {', '.join(service_keys.SCOPES)}",
        )
        parser.add_argument("--expires-days", type=int, help="never, unless given")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the key and print it."""
        now = clock.now()
        days = options["expires_days"]
        if days is not None and not 1 <= days <= 36_500:
            message = f"--expires-days is from 1 to 36500, not {days}."
            raise CommandError(message)
        if not options["name"].strip() or len(options["name"]) > 100:
            message = "The name has 1 to 100 characters."
            raise CommandError(message)
        try:
            made = service_keys.create_service_key(
                options["name"],
                scopes=options["scopes"],
                now=now,
                expires_at=None if days is None else now + timedelta(days=days),
            )
        except service_keys.UnknownScope as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"X-Service-Id: {made.key.service_id}")
        self.stdout.write(f"X-Service-Token: {made.secret}")
