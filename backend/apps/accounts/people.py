"""Writing users: what they say of themselves, and what other systems say of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from apps.accounts import revocation, selectors
from apps.accounts.models import Team, User, UserProfile

USER_FIELDS = ("username", "first_name", "last_name", "email", "timezone", "language")
PROFILE_FIELDS = ("phone", "telegram_chat_id")


class PersonFields(TypedDict, total=False):
    """What can be written of a user; what is absent stays as it is."""

    username: str
    first_name: str
    last_name: str
    email: str
    timezone: str
    language: str
    phone: str
    telegram_chat_id: str
    team: Team | None
    is_active: bool


class UsernameTaken(Exception):  # noqa: N818  (reads as what happened)
    """Somebody else has this user name."""


class ProtectedUser(Exception):  # noqa: N818  (reads as what happened)
    """Staff and superusers are enabled and disabled by people only."""


@dataclass(frozen=True)
class Upserted:
    """The user as stored, and whether it is new."""

    user: User
    was_created: bool


def update_person(user: User, fields: PersonFields) -> User:
    """Write the given fields of a user and return the user as stored."""
    with transaction.atomic():
        _write(user, fields)
    return selectors.with_contacts(user.pk)


def upsert_by_external_id(external_id: str, fields: PersonFields) -> Upserted:
    """Create or update the user whom another system knows by this id.

    Of simultaneous first calls one creates, the others update.

    Raises: UsernameTaken, ProtectedUser.
    """
    with transaction.atomic():
        user = _locked(external_id)
        was_created = False
        if user is None:
            was_created = _insert(external_id, fields.get("username"))
            user = _locked(external_id)
        if user is None:
            raise UsernameTaken
        _write(user, fields)
    return Upserted(selectors.with_contacts(user.pk), was_created)


def _locked(external_id: str) -> User | None:
    users = User.objects.select_for_update()
    return users.filter(external_id=external_id).first()


def _insert(external_id: str, username: str | None) -> bool:
    user = User(external_id=external_id, username=username or _name_for(external_id))
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        return False
    return True


def _name_for(external_id: str) -> str:
    """Use the external id where it is a free user name, else a digest of it."""
    try:
        UnicodeUsernameValidator()(external_id)
    except ValidationError:
        is_fit = False
    else:
        is_fit = not User.objects.filter(username=external_id).exists()
    digest = hashlib.sha256(external_id.encode()).hexdigest()
    return external_id if is_fit else f"external-{digest[:24]}"


def _write(user: User, fields: PersonFields) -> None:
    was_active, team_id = user.is_active, user.team_id
    if _is_protected(user) and fields.get("is_active", was_active) != was_active:
        raise ProtectedUser
    changed = [name for name in (*USER_FIELDS, "team", "is_active") if name in fields]
    values: Mapping[str, object] = fields
    for name in changed:
        setattr(user, name, values[name])
    _save_user(user, changed)
    _save_profile(
        user, {name: values[name] for name in PROFILE_FIELDS if name in values}
    )
    if was_active and not user.is_active:
        revocation.end_everything(user.pk)
    elif user.team_id != team_id:
        revocation.announce([user.pk])


def _is_protected(user: User) -> bool:
    return user.is_staff or user.is_superuser


def _save_user(user: User, changed: list[str]) -> None:
    if not changed:
        return
    try:
        with transaction.atomic():
            user.save(update_fields=changed)
    except IntegrityError as error:
        raise UsernameTaken from error


def _save_profile(user: User, values: Mapping[str, object]) -> None:
    if values:
        UserProfile.objects.update_or_create(user=user, defaults=values)
