"""Who a request comes from: a person, or a service with its key."""

from dataclasses import dataclass

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from apps.accounts.models import AuthToken, ServiceKey, User


@dataclass(frozen=True)
class ServiceCaller:
    """What `request.auth` is when a service calls."""

    key: ServiceKey

    @property
    def scopes(self) -> frozenset[str]:
        """What the service may do."""
        return frozenset(self.key.scopes)


@dataclass(frozen=True)
class ServiceUser:
    """What `request.user` is when a service calls: nobody who has an inbox."""

    username: str
    pk: None = None
    id: None = None
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True
    is_staff: bool = False
    is_superuser: bool = False
    counts_as_admin: bool = False
    is_service: bool = True


def service_of(request: Request) -> ServiceKey | None:
    """Return the key of the calling service; None when a person calls."""
    caller = request.auth
    return caller.key if isinstance(caller, ServiceCaller) else None


def person_of(request: Request) -> User:
    """Return the calling user.

    Raises: NotAuthenticated when it is none, which the permissions rule out before.
    """
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def has_inbox_token(request: Request) -> bool:
    """Say whether the caller's token opens the inbox only."""
    return isinstance(request.auth, AuthToken) and request.auth.inbox_only


def caller_name(request: Request) -> str:
    """Name the caller: `user:7` or `service:ck_ab12cd34`."""
    key = service_of(request)
    return f"service:{key.service_id}" if key else f"user:{request.user.pk}"
