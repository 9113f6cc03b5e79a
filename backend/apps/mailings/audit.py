"""The log of who did what."""

from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import User
from apps.mailings.models import AuditEntry, Mailing


@dataclass(frozen=True)
class Author:
    """Who acts: a user, a service by its name, or the server itself."""

    user: User | None = None
    source: str = "carillon"


def log(
    action: str,
    *,
    by: Author,
    now: datetime,
    mailing: Mailing | None = None,
    detail: str = "",
) -> None:
    """Write one line, in the caller's transaction."""
    AuditEntry.objects.create(
        at=now,
        actor=by.user,
        source=by.source,
        action=action,
        mailing=mailing,
        detail=detail[:300],
    )
