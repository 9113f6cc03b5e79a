"""Load the demo data."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import demo


class Command(BaseCommand):
    """Make the demo's teams, users and whatever other apps add."""

    help = "Load the demo data; run again, it renews it. Known passwords: never real."

    def add_arguments(self, parser: CommandParser) -> None:
        """Let those who insist load it anywhere."""
        parser.add_argument(
            "--force",
            action="store_true",
            help="also without DEMO=1 or DEBUG=1; the passwords are public",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it, or say why not."""
        if not (settings.DEMO or settings.DEBUG or options["force"]):
            message = (
                "The demo users have public passwords: set DEMO=1 or DEBUG=1, "
                "or add --force."
            )
            raise CommandError(message)
        parts = demo.load()
        if options["verbosity"] > 0:
            self.stdout.write(f"Demo data is there: {', '.join(parts)}.")
            self.stdout.write(f"  admin / {demo.ADMIN_PASSWORD} (administrator)")
            names = ", ".join(user.username for user in demo.USERS[1:])
            self.stdout.write(f"  {names} / {demo.PASSWORD}")
