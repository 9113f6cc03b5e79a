"""What the accounts API answers when it refuses."""

from datetime import timedelta
from http import HTTPStatus

from rest_framework.exceptions import APIException, Throttled


class WrongLogin(APIException):
    """One answer for unknown names, wrong passwords and disabled users."""

    status_code = HTTPStatus.UNAUTHORIZED
    default_detail = "The user name or the password is wrong."
    default_code = "wrong_login"
    # DRF's handler sends it as WWW-Authenticate, without which a 401 is not complete.
    auth_header = "Token"


class LoginThrottled(Throttled):
    """Too many failed logins for this name from this network."""

    default_detail = "Too many failed logins."
    extra_detail_singular = "Try again in {wait} second."
    extra_detail_plural = "Try again in {wait} seconds."


def whole_seconds(duration: timedelta) -> float:
    """Say a duration in seconds, as a whole number where it is one."""
    seconds = duration.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds
