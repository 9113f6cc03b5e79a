"""API tokens: knox's rows and digests, our clock."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from knox.crypto import hash_token
from knox.models import get_digest_token

from apps.accounts.models import AuthToken, ServiceKey, User

# What knox makes: 32 random bytes in hexadecimal.
_TOKEN = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class NewToken:
    """A token in clear, for the one answer that carries it."""

    token: str
    row: AuthToken
    expires_at: datetime


def digest_of_token(token: str) -> str | None:
    """Return the digest of a text that has the form of a token, else None."""
    if not _TOKEN.fullmatch(token):
        return None
    digest: str = hash_token(token)
    return digest


def usable_tokens(now: datetime) -> QuerySet[AuthToken]:
    """Return the tokens that are not expired and whose minting key still works."""
    return AuthToken.objects.filter(
        Q(expiry__isnull=True) | Q(expiry__gt=now),
        Q(minted_by__isnull=True)
        | Q(minted_by__expires_at__isnull=True)
        | Q(minted_by__expires_at__gt=now),
        Q(minted_by__isnull=True) | Q(minted_by__is_active=True),
    )


def create_token(
    user: User,
    *,
    lifetime: timedelta,
    now: datetime,
    minted_by: ServiceKey | None = None,
) -> NewToken:
    """Store the digest of a new token; one minted by a service opens the inbox only.

    Only the digest is stored: knox's own `token_key`, the beginning of the token in
    clear, is left empty, since tokens are looked up by digest.
    """
    digest, token = get_digest_token()
    expires_at = now + lifetime
    row = AuthToken(
        digest=digest,
        token_key="",
        user=user,
        expiry=expires_at,
        inbox_only=minted_by is not None,
        minted_by=minted_by,
    )
    row.save(force_insert=True)
    return NewToken(token, row, expires_at)
