"""Who may send, by the headers of a request; for the route that bypasses the views.

A verified credential is believed for five seconds, so that a busy sender costs no
query per notification; revoking one takes that long to reach this route.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass

from apps.accounts import service_keys
from apps.accounts.tokens import digest_of_token, usable_tokens
from apps.common import clock

SCOPE = "notify:send"
BELIEVED_SECONDS = 5.0
KEPT = 1000


@dataclass(frozen=True)
class Credentials:
    """The headers that say who calls; a request has one kind of them."""

    authorization: str = ""
    service_id: str = ""
    service_token: str = ""


class Senders:
    """The callers that were verified a moment ago."""

    def __init__(self) -> None:
        """Start without any."""
        self._known: OrderedDict[Credentials, tuple[float, str]] = OrderedDict()

    def known(self, credentials: Credentials) -> str | None:
        """Return the name of a caller verified within the last five seconds."""
        entry = self._known.get(credentials)
        if entry is None or entry[0] < time.monotonic():
            return None
        return entry[1]

    def remember(self, credentials: Credentials, name: str) -> None:
        """Believe a caller for five seconds."""
        self._known[credentials] = (time.monotonic() + BELIEVED_SECONDS, name)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def verified_sender(credentials: Credentials) -> str | None:
    """Return the caller's name if they may send, else None; asks the database.

    None says only that this route does not serve them: the view gives the reason.
    """
    if credentials.service_id or credentials.service_token:
        if credentials.authorization:
            return None
        return _service(credentials.service_id, credentials.service_token)
    scheme, _, rest = credentials.authorization.partition(" ")
    if scheme.lower() == "token":
        return _person(rest.strip())
    if scheme.lower() == "bearer":
        service_id, _, secret = rest.strip().partition(":")
        return _service(service_id, secret)
    return None


def _service(service_id: str, secret: str) -> str | None:
    key = service_keys.verified(service_id, secret, now=clock.now())
    if key is None or SCOPE not in key.scopes:
        return None
    return f"service:{key.service_id}"


def _person(token: str) -> str | None:
    digest = digest_of_token(token)
    if digest is None:
        return None
    tokens = usable_tokens(clock.now()).select_related("user")
    found = tokens.filter(digest=digest, inbox_only=False).first()
    if found is None or not found.user.is_active or not found.user.counts_as_admin:
        return None
    return f"user:{found.user_id}"
