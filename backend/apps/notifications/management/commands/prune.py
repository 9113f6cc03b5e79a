"""Delete what is past its retention, as the nightly task does."""

from django.core.management.base import BaseCommand

from apps.common import clock, idempotency
from apps.notifications import services


class Command(BaseCommand):
    """`manage.py prune`."""

    help = "Delete notifications and stored answers that are past their retention."

    def handle(self, *args: object, **options: object) -> None:
        """Delete and count."""
        now = clock.now()
        notifications = services.prune(now)
        answers = idempotency.prune(now)
        self.stdout.write(
            f"Deleted {notifications} notifications and {answers} stored answers.",
        )
