"""Who may call the API of mailings."""

from typing import TYPE_CHECKING

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.callers import caller_name, has_inbox_token, service_of
from apps.accounts.models import User
from apps.accounts.operators import may_operate
from apps.mailings.audit import Author

if TYPE_CHECKING:
    # Importing the views imports the default permissions.
    from rest_framework.views import APIView

READ = "mailings:read"
WRITE = "mailings:write"
EVERYONE = "mailings:all"


class MayRunMailings(BasePermission):
    """Operators, superusers, and service keys with `mailings:read` or `:write`.

    A view with `writes_always` needs the latter for reading, too.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Say whether the caller may."""
        key = service_of(request)
        if key is not None:
            reads = request.method in SAFE_METHODS
            reads = reads and not getattr(view, "writes_always", False)
            wanted = {READ, WRITE} if reads else {WRITE}
            return bool(wanted & set(key.scopes))
        if has_inbox_token(request) or not isinstance(request.user, User):
            return False
        return may_operate(request.user)


def require_audience(request: Request, tag: str, mobile_operator_code: str) -> None:
    """Let a service write to everybody only with a scope of its own.

    Raises: PermissionDenied.
    """
    key = service_of(request)
    if key is None or tag or mobile_operator_code or EVERYONE in key.scopes:
        return
    message = f"A mailing to everyone needs the scope {EVERYONE}; or give a filter."
    raise PermissionDenied(message)


def author_of(request: Request) -> Author:
    """Name the caller as the log does."""
    user = request.user if isinstance(request.user, User) else None
    return Author(user, caller_name(request))
