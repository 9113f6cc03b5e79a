"""Who may define events and send them."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts.callers import has_inbox_token, service_of
from apps.accounts.models import User

if TYPE_CHECKING:
    # Importing the views imports the default permissions.
    from rest_framework.views import APIView

WRITE = "events:write"
SEND = "events:send"
SMS = "sms:send"


class MayUseEvents(BasePermission):
    """Administrators, and service keys with one of the scopes that the view names.

    `scopes` on the view: by method, those of which one is enough.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Say whether the caller may call the view."""
        key = service_of(request)
        if key is not None:
            scopes: dict[str, tuple[str, ...]] = getattr(view, "scopes", {})
            enough = scopes.get(str(request.method), ())
            return not set(enough).isdisjoint(key.scopes)
        if has_inbox_token(request):
            return False
        return isinstance(request.user, User) and request.user.counts_as_admin


def owner_of(request: Request) -> str | None:
    """Return whose events the caller sees: a service its own, an administrator all."""
    key = service_of(request)
    return None if key is None else key.lineage
