"""How a request says who calls: a user's token, or a service key."""

from binascii import Error as BinasciiError

from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.models import AuthToken, User
from apps.common import clock


class UserTokenAuthentication(TokenAuthentication):
    """`Authorization: Token <token>`, looked up by digest in one query."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, AuthToken]:
        """Find the user of a token.

        Raises: AuthenticationFailed (401) for whatever is not a valid token, be it
        undecodable, unknown, expired, or of somebody who was disabled.
        """
        try:
            digest = hash_token(token.decode("ascii"))
        except (UnicodeDecodeError, TypeError, BinasciiError) as error:
            raise AuthenticationFailed(code="invalid_token") from error
        found = AuthToken.objects.select_related("user").filter(digest=digest).first()
        if found is None or (found.expiry and found.expiry <= clock.now()):
            raise AuthenticationFailed(code="invalid_token")
        if not found.user.is_active:
            raise AuthenticationFailed(code="user_disabled")
        return found.user, found


class ServiceKeyAuthentication(BaseAuthentication):
    """`X-Service-Id` and `X-Service-Token`, Bearer, or HTTP Basic."""

    def authenticate(self, request: Request) -> None:
        """Find the service."""
        return
