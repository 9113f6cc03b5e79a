"""Telling administrators of a provider that only they can mend."""

from datetime import datetime

from django.db.models import Q

from apps.accounts.models import User
from apps.delivery import providers
from apps.notifications import services
from apps.notifications.policy import Draft

SOURCE = "carillon"
ADMINISTRATORS_AT_MOST = 100


def tell_administrators(now: datetime) -> int:
    """Send each new fault to the page of every administrator; return how many."""
    told = 0
    for provider in providers.untold_faults():
        if providers.mark_told(provider.name, now=now):
            services.notify_many(
                [_draft(provider.name, provider.reason, user) for user in _people()]
            )
            told += 1
    return told


def _people() -> list[int]:
    admins = User.objects.filter(Q(is_admin=True) | Q(is_superuser=True))
    rows = admins.filter(is_active=True).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:ADMINISTRATORS_AT_MOST])


def _draft(name: str, reason: str, user_id: int) -> Draft:
    return Draft(
        user_id,
        title=f"The {name} channel is set up wrongly",
        body=(
            f"{reason} Nothing is lost: messages wait, or take their next channel, and "
            "it is tried again by itself."
        ),
        severity="warning",
        kind="delivery.fault",
        source=SOURCE,
        url="/admin/delivery/providerstate/",
    )
