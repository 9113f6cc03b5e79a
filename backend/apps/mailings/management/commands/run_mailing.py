"""Start a mailing and watch it in the terminal."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.common import clock
from apps.mailings import engine, progress, selectors, services
from apps.mailings.audit import Author
from apps.mailings.models import Mailing, MailingStatus
from apps.mailings.tasks import run_chunks
from apps.push.protocol import Progress

BAR = 30
TURN_SECONDS = 1.0
_OVER = (MailingStatus.DONE, MailingStatus.CANCELLED, MailingStatus.PAUSED)


class Command(BaseCommand):
    """Send one mailing here, or show how the workers do."""

    help = "Starts a mailing and shows a progress bar until it ends."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which."""
        parser.add_argument("mailing_id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        """Start it if need be, and follow it."""
        mailing_id = options["mailing_id"]
        mailing = selectors.mailings().filter(pk=mailing_id).first()
        if mailing is None:
            message = f"There is no mailing {mailing_id}."
            raise CommandError(message)
        if mailing.status in {MailingStatus.DRAFT, MailingStatus.SCHEDULED}:
            services.start(mailing_id, by=Author(None, "run_mailing"))
        try:
            self._follow(mailing_id)
        except KeyboardInterrupt:
            self.stdout.write("\nThe workers of the server go on with it.")

    def _follow(self, mailing_id: int) -> None:
        while True:
            clock.synchronize()
            run_chunks(seconds=TURN_SECONDS)
            began = time.monotonic()
            has_sent = engine.run(only=mailing_id, seconds=TURN_SECONDS)
            run_chunks(seconds=TURN_SECONDS)
            mailing = selectors.mailings().get(pk=mailing_id)
            self._show(mailing)
            if mailing.status in _OVER:
                self.stdout.write(f"\n{mailing.status} {mailing.reason}".rstrip())
                return
            if not has_sent:
                time.sleep(max(0.0, TURN_SECONDS - (time.monotonic() - began)))

    def _show(self, mailing: Mailing) -> None:
        (found,) = progress.many([mailing], now=clock.now())
        self.stdout.write(f"\r{bar(found)}", ending="")
        self.stdout.flush()


def bar(found: Progress) -> str:
    """Draw how far a mailing is in one line."""
    total = found["total"]
    ended = total - found["waiting"]
    filled = BAR * ended // total if total else 0
    left = found["eta_seconds"]
    counts = {
        "sent": found["sent"],
        "failed": found["failed"],
        "expired": found["expired"],
        "unknown": found["unknown"],
        "cancelled": found["cancelled"],
    }
    numbers = ", ".join(
        f"{count} {name}" for name, count in counts.items() if count or name == "sent"
    )
    time_left = f", {left} s left" if left else ""
    drawn = "#" * filled + "." * (BAR - filled)
    return f"[{drawn}] {ended}/{total}: {numbers}, {found['rate']:g}/s{time_left}  "
