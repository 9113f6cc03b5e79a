"""Logging in and out, and changing the password."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth import (
    authenticate,
    login,
    logout,
    update_session_auth_hash,
)
from django.contrib.auth.models import update_last_login
from django.db import transaction
from django.http import HttpRequest

from apps.accounts import revocation, throttling
from apps.accounts.addresses import client_address, network_of
from apps.accounts.models import AuthToken, User, UserSession
from apps.accounts.sessions import LOGIN
from apps.accounts.throttling import LoginAttempt
from apps.accounts.tokens import NewToken, create_token


class LoginFailed(Exception):  # noqa: N818  (reads as what happened)
    """Wrong name, wrong password or a disabled user: nobody learns which."""


def verify_password(
    username: str,
    password: str,
    *,
    request: HttpRequest,
    now: datetime,
) -> User:
    """Return the user whose name and password these are.

    The try is counted first. An unknown name costs as much time as a wrong password,
    because Django hashes a password for it as well.

    Raises: LoginFailed; TooManyLogins, without looking at the password.
    """
    attempt = LoginAttempt(username, network_of(client_address(request)))
    throttling.count(attempt, now=now)
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise LoginFailed
    throttling.forget(attempt)
    return user


def open_token(user: User, *, now: datetime) -> NewToken:
    """Log in a program: give it a token.

    Raises: LoginFailed when the password changed or the user was disabled since the
    password was verified; the token would outlive that change.
    """
    with transaction.atomic():
        _lock_unchanged(user)
        update_last_login(User, user)
        return create_token(user, lifetime=settings.TOKEN_LIFETIME, now=now)


def open_session(user: User, *, request: HttpRequest) -> None:
    """Log in a browser.

    Raises: LoginFailed, as open_token does.
    """
    with transaction.atomic():
        _lock_unchanged(user)
        login(request, user)


def note_login(request: HttpRequest, *, now: datetime) -> None:
    """Write down the session that somebody just logged in with.

    It is saved at once, and not only with the answer, so that whoever ends all
    sessions of the user from now on finds it.
    """
    request.session[LOGIN] = {
        "at": now.isoformat(),
        "ip_address": client_address(request)[:64],
        "user_agent": request.headers.get("User-Agent", "")[:200],
    }
    request.session.save()


def close_session(request: HttpRequest) -> None:
    """Log out the browser that called."""
    with transaction.atomic():
        logout(request)


def forget_session(request: HttpRequest) -> None:
    """End what hangs on the session of this request, which is logging out."""
    key = request.session.session_key
    revocation.end_sessions(UserSession.objects.filter(session_key=key))


def change_password(
    user: User,
    new_password: str,
    *,
    token: AuthToken | None,
    request: HttpRequest,
) -> None:
    """Set another password and end every other credential of the user.

    token: what the caller came with; None for a session, which gets a new key.
    """
    with transaction.atomic():
        user.set_password(new_password)
        user.save(update_fields=["password"])
        if token is None:
            update_session_auth_hash(request, user)
        revocation.end_everything(
            user.pk,
            but_token=token.digest if token else None,
            but_session=None if token else request.session.session_key,
        )


def _lock_unchanged(user: User) -> None:
    unchanged = User.objects.select_for_update().filter(
        pk=user.pk,
        password=user.password,
        is_active=True,
    )
    if not unchanged.exists():
        raise LoginFailed
