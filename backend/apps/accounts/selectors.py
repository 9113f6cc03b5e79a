"""Questions about users; nothing here changes a row."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from apps.accounts.models import AuthToken, User, UserProfile, UserSession


def find_user(
    *,
    user_id: int | None = None,
    external_id: str | None = None,
) -> User | None:
    """Return the active user with this id or external id; None when there is none."""
    users = User.objects.filter(is_active=True)
    if user_id is not None:
        return users.filter(pk=user_id).first()
    if external_id is not None:
        return users.filter(external_id=external_id).first()
    return None


def active_user_ids(*, user_ids: Sequence[int]) -> set[int]:
    """Return those of the ids that belong to active users."""
    found = User.objects.filter(is_active=True, pk__in=user_ids)
    return set(found.values_list("pk", flat=True))


def audience(team_id: int | None) -> QuerySet[User]:
    """Return the active users of a team; None means everyone."""
    users = User.objects.filter(is_active=True)
    return users if team_id is None else users.filter(team_id=team_id)


def with_contacts(user_id: int) -> User:
    """Return a user with team and profile loaded, in one query."""
    return User.objects.select_related("team", "profile").get(pk=user_id)


def profile_of(user: User) -> UserProfile:
    """Return the stored profile, or an empty one that is not stored."""
    try:
        return user.profile
    except UserProfile.DoesNotExist:
        return UserProfile(user=user)


def tokens_of(user_id: int) -> QuerySet[AuthToken]:
    """Return the tokens of one user."""
    return AuthToken.objects.filter(user_id=user_id)


def sessions_of(user_id: int) -> QuerySet[UserSession]:
    """Return the browser sessions of one user."""
    return UserSession.objects.filter(user_id=user_id)


def open_sessions_of(user_id: int, *, now: datetime) -> QuerySet[UserSession]:
    """Return the browser sessions of one user that are not expired, newest first."""
    rows = sessions_of(user_id).filter(expire_date__gt=now)
    return rows.order_by("-begun_at", "session_key")


def languages(*, user_ids: Sequence[int]) -> dict[int, str]:
    """Return the languages of those of the users who are active."""
    found = User.objects.filter(is_active=True, pk__in=user_ids)
    return dict(found.values_list("pk", "language"))
