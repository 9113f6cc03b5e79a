"""Addresses of users that their other end has given up."""

from django.db import transaction

from apps.accounts.models import UserProfile

DISABLED = "disabled"


def forget(user_id: int, *, channel: str, address: str) -> bool:
    """Use a further address of a profile no more; say whether it was the one there.

    It is kept beside the others, so that somebody can see what became of it.
    """
    with transaction.atomic():
        profile = UserProfile.objects.select_for_update().filter(pk=user_id).first()
        if profile is None or profile.addresses.get(channel) != address:
            return False
        del profile.addresses[channel]
        disabled = profile.addresses.get(DISABLED)
        known = disabled if isinstance(disabled, dict) else {}
        profile.addresses[DISABLED] = {**known, channel: address}
        profile.save(update_fields=["addresses"])
    return True
