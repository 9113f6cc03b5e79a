"""Who may do what: one class per rule, none of them for anonymous callers."""

from typing import TYPE_CHECKING

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.accounts.callers import has_inbox_token, service_of
from apps.accounts.models import User

if TYPE_CHECKING:
    # Importing the views imports the default permissions, which are these.
    from rest_framework.views import APIView


class IsInboxOwner(BasePermission):
    """A user, also one whose token opens the inbox only; never a service."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Say whether the caller is a user."""
        return isinstance(request.user, User)


class IsPerson(BasePermission):
    """A user with a full login; never a service, never an inbox token."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Say whether the caller is a user who logged in."""
        return isinstance(request.user, User) and not has_inbox_token(request)


class HasScope(BasePermission):
    """A service key with the view's `required_scope`.

    With `allow_admins = True` on the view, administrators as well.
    """

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Say whether the service's key, or the person, may call the view."""
        key = service_of(request)
        if key is not None:
            return getattr(view, "required_scope", None) in key.scopes
        if not getattr(view, "allow_admins", False) or has_inbox_token(request):
            return False
        return isinstance(request.user, User) and request.user.counts_as_admin
