"""A mailing's text to one number, before it goes to many."""

from django.db import transaction

from apps.common import clock
from apps.delivery.base import Content
from apps.mailings import audit, policy
from apps.mailings.audit import Author
from apps.mailings.models import Mailing
from apps.notifications import services as notifications
from apps.notifications.models import Notification


def send_test(mailing: Mailing, phone_number: str, *, by: Author) -> Notification:
    """Send the text once, by the channel that single SMS take."""
    now = clock.now()
    with transaction.atomic():
        audit.log(
            "test send",
            by=by,
            now=now,
            mailing=mailing,
            detail=policy.masked(phone_number),
        )
        return notifications.notify(
            channels=("sms",),
            addresses={"sms": phone_number},
            contents={"sms": Content(text=mailing.text)},
            title=f"Test of mailing {mailing.pk}",
            body=mailing.text,
            kind="mailing",
            source=by.source,
        )
