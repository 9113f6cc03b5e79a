"""The clients and the mailing of the demo; importing this registers them."""

from datetime import timedelta

from apps.accounts import demo
from apps.accounts.models import User
from apps.common import clock
from apps.mailings import services
from apps.mailings.audit import Author
from apps.mailings.models import Client, Mailing, MailingStatus

SOURCE = "demo"
CLIENTS = 300
ZONES = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Asia/Yekaterinburg",
    "Asia/Novosibirsk",
    "Asia/Vladivostok",
    "Asia/Kamchatka",
)
TAGS = ("demo-news", "demo-news", "demo-news", "demo-guests")
TEXT = "Carillon's demo: the bells ring at noon. Nobody is really sent this."
LASTS = timedelta(days=7)


def load() -> None:
    """Make the demo's clients, and a draft that waits to be started."""
    now = clock.now()
    Client.objects.bulk_create(
        [
            Client(
                phone_number=f"7900{number:07d}",
                mobile_operator_code="900",
                tag=TAGS[number % len(TAGS)],
                timezone=ZONES[number % len(ZONES)],
                created_at=now,
                updated_at=now,
            )
            for number in range(1, CLIENTS + 1)
        ],
        ignore_conflicts=True,
    )
    waiting = Mailing.objects.filter(
        source=SOURCE, status=MailingStatus.DRAFT, deleted_at=None
    )
    if waiting.update(date_start=now, date_end=now + LASTS):
        return
    author = Author(User.objects.filter(username="admin").first(), SOURCE)
    services.create(
        {
            "text": TEXT,
            "tag": TAGS[0],
            "date_start": now,
            "date_end": now + LASTS,
            "status": MailingStatus.DRAFT.value,
        },
        by=author,
    )


demo.register("mailings", load)
