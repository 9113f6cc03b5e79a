"""How a request says who calls: a user's token, or a service key."""

import base64
from binascii import Error as BinasciiError

from knox.auth import TokenAuthentication
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts import service_keys
from apps.accounts.callers import ServiceCaller, ServiceUser
from apps.accounts.models import AuthToken, User
from apps.accounts.tokens import digest_of_token, usable_tokens
from apps.common import clock


class UserTokenAuthentication(TokenAuthentication):
    """`Authorization: Token <token>`, looked up by digest in one query."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, AuthToken]:
        """Find the user of a token.

        Raises: AuthenticationFailed (401) for whatever is not a valid token, be it
        undecodable, unknown, expired, or of somebody who was disabled.
        """
        digest = digest_of_token(token.decode("latin-1"))
        if digest is None:
            raise AuthenticationFailed(code="invalid_token")
        tokens = usable_tokens(clock.now()).select_related("user__team")
        found = tokens.filter(digest=digest).first()
        if found is None or not found.user.is_active:
            raise AuthenticationFailed(code="invalid_token")
        return found.user, found


class ServiceKeyAuthentication(BaseAuthentication):
    """`X-Service-Id` and `X-Service-Token`, Bearer, or HTTP Basic.

    Basic is understood and never asked for: a browser would open its own password
    window.
    """

    def authenticate(
        self, request: Request
    ) -> tuple[ServiceUser, ServiceCaller] | None:
        """Find the service; None when the request carries no service key.

        Raises: AuthenticationFailed (401) for an unknown, wrong, half or expired key.
        """
        pair = _from_headers(request) or _from_authorization(request)
        if pair is None:
            return None
        key = service_keys.verified(pair[0], pair[1], now=clock.now())
        if key is None:
            raise AuthenticationFailed(code="invalid_service_key")
        return ServiceUser(username=key.service_id), ServiceCaller(key)

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme of the challenge."""
        return "Bearer"


def _from_headers(request: Request) -> tuple[str, str] | None:
    service_id = request.headers.get("X-Service-Id")
    secret = request.headers.get("X-Service-Token")
    if service_id is None and secret is None:
        return None
    return service_id or "", secret or ""


def _from_authorization(request: Request) -> tuple[str, str] | None:
    scheme, _, credentials = get_authorization_header(request).strip().partition(b" ")
    if scheme.lower() == b"basic":
        return _split(_decoded(credentials.strip()))
    if scheme.lower() == b"bearer":
        return _split(credentials.strip().decode("latin-1"))
    return None


def _decoded(credentials: bytes) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode("ascii")
    except (BinasciiError, UnicodeDecodeError) as error:
        raise AuthenticationFailed(code="invalid_service_key") from error


def _split(credentials: str) -> tuple[str, str]:
    service_id, _, secret = credentials.partition(":")
    return service_id, secret
