"""How credentials are made and how they are stored: as digests, never in clear.

All of them are random and long, so one round of SHA-256 is enough; only passwords,
which people choose, need a slow hash.
"""

import hashlib
import re
import secrets
import string

_TICKET = re.compile(r"[A-Za-z0-9_-]{43}")
_SERVICE_ID = re.compile(r"ck_[a-z0-9]{8}")
_SERVICE_ID_LETTERS = string.ascii_lowercase + string.digits


def new_secret() -> str:
    """Make 256 random bits as 43 characters that fit into URLs and headers."""
    return secrets.token_urlsafe(32)


def new_service_id() -> str:
    """Make a public id whose prefix is easy to search for in leaks."""
    letters = (secrets.choice(_SERVICE_ID_LETTERS) for _ in range(8))
    return "ck_" + "".join(letters)


def digest(secret: str) -> str:
    """Return what is stored in place of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def looks_like_secret(text: str) -> bool:
    """Say whether a text has the form of a ticket or service secret."""
    return _TICKET.fullmatch(text) is not None


def looks_like_service_id(text: str) -> bool:
    """Say whether a text has the form of a service id."""
    return _SERVICE_ID.fullmatch(text) is not None
