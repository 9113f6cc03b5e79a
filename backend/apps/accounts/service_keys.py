"""Keys of services: made, verified, rotated and revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest

from django.db import transaction
from django.db.models import Q

from apps.accounts import secrets
from apps.accounts.models import AuthToken, ServiceKey, Ticket, User
from apps.accounts.revocation import announce

# What a key may be allowed to do. A scope that is not here cannot be given.
SCOPES = {
    "notify:send": "Send a notification to a user.",
    "notify:broadcast": "Send a notification to a team or to everyone.",
    "alerts:write": "Write alerts, and read how they are received.",
    "users:write": "Create and update users by their external id.",
    "sms:send": "Send SMS, beside the scope for sending.",
    "events:write": "Define events and their templates.",
    "events:send": "Send events, and read what became of it.",
    "mailings:read": "Read clients, mailings and messages.",
    "mailings:write": "Write clients, and write and run mailings to a part of them.",
    "mailings:all": "Run mailings to all clients, beside mailings:write.",
    "tickets:mint": "Open sockets and inboxes on behalf of users.",
}
_USE_NOTED_EVERY = timedelta(minutes=1)
# After a rotation both keys work for this long, so that no call is lost meanwhile.
ROTATION_OVERLAP = timedelta(days=1)
# Compared with when the id is unknown, so that the answer takes the same time.
_NO_DIGEST = secrets.digest("")


class UnknownScope(ValueError):  # noqa: N818  (reads as what happened)
    """A scope that is not in SCOPES."""


@dataclass(frozen=True)
class NewServiceKey:
    """A key and its secret in clear, for the one time that it is shown."""

    key: ServiceKey
    secret: str


def create_service_key(
    name: str,
    *,
    scopes: Sequence[str],
    now: datetime,
    expires_at: datetime | None = None,
    created_by: User | None = None,
    lineage: str = "",
) -> NewServiceKey:
    """Make a key; only the digest of its secret is stored.

    lineage: of the key that it succeeds; without it, it begins its own.
    Raises: UnknownScope.
    """
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown:
        known = ", ".join(SCOPES)
        message = f"Unknown scope {', '.join(unknown)}; the scopes are {known}."
        raise UnknownScope(message)
    secret = secrets.new_secret()
    service_id = secrets.new_service_id()
    key = ServiceKey.objects.create(
        service_id=service_id,
        lineage=lineage or service_id,
        name=name,
        secret_hash=secrets.digest(secret),
        scopes=sorted(set(scopes)),
        created_by=created_by,
        created_at=now,
        expires_at=expires_at,
    )
    return NewServiceKey(key, secret)


def verified(service_id: str, secret: str, *, now: datetime) -> ServiceKey | None:
    """Return the usable key of an id and its secret, noting the use; else None.

    The time of use is written at most once a minute.
    """
    if not secrets.looks_like_service_id(service_id):
        return None
    if not secrets.looks_like_secret(secret):
        return None
    key = ServiceKey.objects.filter(service_id=service_id).first()
    stored = key.secret_hash if key else _NO_DIGEST
    matches = compare_digest(secrets.digest(secret), stored)
    if key is None or not matches or not is_usable(key, now=now):
        return None
    _note_use(key, now)
    return key


def is_usable(key: ServiceKey, *, now: datetime) -> bool:
    """Say whether a key is neither revoked nor expired."""
    return key.is_active and (key.expires_at is None or key.expires_at > now)


def rotate(key: ServiceKey, *, now: datetime, by: User | None) -> NewServiceKey:
    """Make a successor; the old key works for another day (ROTATION_OVERLAP)."""
    with transaction.atomic():
        successor = create_service_key(
            key.name,
            scopes=key.scopes,
            now=now,
            expires_at=key.expires_at,
            created_by=by,
            lineage=key.lineage,
        )
        overlap_end = now + ROTATION_OVERLAP
        lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=overlap_end)
        ServiceKey.objects.filter(lasting, pk=key.pk).update(expires_at=overlap_end)
    return successor


def revoke(key: ServiceKey) -> None:
    """End a key at once, with all tickets, inbox tokens and sockets it opened."""
    with transaction.atomic():
        ServiceKey.objects.filter(pk=key.pk).update(is_active=False)
        minted = AuthToken.objects.filter(minted_by=key)
        user_ids = set(minted.values_list("user_id", flat=True))
        minted.delete()
        tickets = Ticket.objects.filter(
            credential_kind="service_key",
            credential=key.service_id,
        )
        user_ids |= set(tickets.values_list("user_id", flat=True))
        tickets.delete()
        announce(user_ids)


def _note_use(key: ServiceKey, now: datetime) -> None:
    noted_before = now - _USE_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > noted_before:
        return
    not_noted = Q(last_used_at__isnull=True) | Q(last_used_at__lte=noted_before)
    ServiceKey.objects.filter(not_noted, pk=key.pk).update(last_used_at=now)
