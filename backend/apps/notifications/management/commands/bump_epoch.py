"""Say that the store was restored from a backup: every client reads its list again."""

from django.core.management.base import BaseCommand

from apps.notifications import services


class Command(BaseCommand):
    """`manage.py bump_epoch`."""

    help = "Draw a new epoch; run it once after restoring the database from a backup."

    def handle(self, *args: object, **options: object) -> None:
        """Draw and print it."""
        self.stdout.write(f"The epoch is now {services.bump_epoch()}.")
