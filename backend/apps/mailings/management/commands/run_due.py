"""Send what is due, without Celery: for cron, and for a terminal."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.common import clock
from apps.mailings import engine
from apps.mailings.tasks import run_chunks

PAUSE_SECONDS = 0.2


class Command(BaseCommand):
    """Loop over what is due until nothing is, or for a given time."""

    help = "Sends the messages of mailings that are due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how long."""
        parser.add_argument(
            "--seconds",
            type=float,
            default=0,
            help="go on for so long; without it, until nothing is due",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Loop."""
        end = time.monotonic() + options["seconds"]
        while True:
            clock.synchronize()
            run_chunks(seconds=20)
            engine.run(seconds=20)
            # What it sent may have ended a mailing.
            run_chunks(seconds=20)
            if time.monotonic() > end and not engine.due_at(clock.now()):
                return
            time.sleep(PAUSE_SECONDS)
