"""Users and their teams, services and their keys, and how they prove who they are."""

from datetime import time
from importlib import import_module
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from knox.models import AbstractAuthToken

from apps.accounts.validators import (
    validate_external_id,
    validate_phone,
    validate_telegram_chat,
    validate_timezone,
)


class Team(models.Model):
    """A group of users that can be addressed together."""

    name = models.CharField(max_length=100, unique=True)

    class Meta:
        """Listed by name."""

        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Language(models.TextChoices):
    """What people can be spoken to in."""

    ENGLISH = "en"
    RUSSIAN = "ru", "Русский"


class PeopleManager(UserManager["User"]):
    """Makes users; a superuser is an administrator as well."""

    def create_superuser(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> "User":
        """Make a superuser with `is_admin` set."""
        extra_fields.setdefault("is_admin", True)
        return super().create_superuser(username, email, password, **extra_fields)


class User(AbstractUser):
    """Somebody who logs in and has an inbox."""

    team = models.ForeignKey(
        Team,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="members",
    )
    is_admin = models.BooleanField(
        "administrator",
        default=False,
        help_text="May send notifications and manage alerts through the API.",
    )
    timezone = models.CharField(
        "time zone",
        max_length=64,
        default="UTC",
        validators=[validate_timezone],
        help_text="An IANA name, such as Europe/Moscow.",
    )
    language = models.CharField(
        max_length=8,
        choices=Language,
        default=Language.ENGLISH,
    )
    external_id = models.CharField(
        max_length=150,
        unique=True,
        null=True,
        blank=True,
        validators=[validate_external_id],
        help_text="The id of this person in the system that they come from.",
    )

    objects: ClassVar[PeopleManager] = PeopleManager()

    @property
    def counts_as_admin(self) -> bool:
        """Say whether this user may administer: superusers always may."""
        return self.is_admin or self.is_superuser


class UserProfile(models.Model):
    """Where a user can be reached outside of the page."""

    user = models.OneToOneField(
        User,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="profile",
    )
    phone = models.CharField(
        max_length=11,
        blank=True,
        validators=[validate_phone],
    )
    telegram_chat_id = models.CharField(
        max_length=64,
        blank=True,
        validators=[validate_telegram_chat],
    )
    addresses = models.JSONField(
        default=dict,
        blank=True,
        help_text="Further addresses by channel, such as a webhook.",
    )

    def __str__(self) -> str:
        """Say what it holds; the user is named where it is shown."""
        return "contacts"


class QuietHours(models.Model):
    """When a user wants to hear nothing outside of the page, by the user's clock.

    An end before the start lies on the next day.
    """

    user = models.OneToOneField(
        User,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="quiet_hours",
    )
    enabled = models.BooleanField(default=False)
    start = models.TimeField(default=time(22))
    end = models.TimeField(default=time(7))

    class Meta:
        """Hours that begin and end at once would be none or all."""

        verbose_name_plural = "quiet hours"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(start=models.F("end")),
                name="accounts_quiet_hours_have_a_length",
            ),
        ]

    def __str__(self) -> str:
        """Say when they are."""
        return f"{self.start:%H:%M} to {self.end:%H:%M}"


class ChannelPreference(models.Model):
    """Whether a user wants a kind of notification by a channel outside of the page.

    Only what was chosen has a row; the kind `*` stands for every kind without one.
    """

    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="channel_preferences",
        db_index=False,  # the unique constraint below begins with it
    )
    kind = models.CharField(max_length=64)
    channel = models.CharField(max_length=32)
    enabled = models.BooleanField()

    class Meta:
        """One choice per kind and channel."""

        ordering: ClassVar = ["kind", "channel"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "kind", "channel"],
                name="accounts_one_choice_per_kind_and_channel",
            ),
        ]

    def __str__(self) -> str:
        """Say what was chosen."""
        return f"{self.kind} by {self.channel}: {'on' if self.enabled else 'off'}"


class ServiceKey(models.Model):
    """A service that may call, what it may do, and the hash of its secret."""

    service_id = models.CharField(max_length=32, unique=True)
    lineage = models.CharField(
        max_length=32,
        editable=False,
        help_text="The id of the first key; what rotates it keeps what it owns.",
    )
    name = models.CharField(max_length=100)
    secret_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        """Return the name and the public id."""
        return f"{self.name} ({self.service_id})"


class CredentialKind(models.TextChoices):
    """What a socket or a ticket goes back to."""

    SESSION = "session"
    TOKEN = "token"  # noqa: S105  (a word, no secret)
    SERVICE_KEY = "service_key"


class AuthToken(AbstractAuthToken):
    """A user's API token, hashed and expiring; one login has one.

    `inbox_only` tokens are minted with a ticket for an embedded inbox and open nothing
    but the user's own inbox; they end with the service key that minted them.
    """

    inbox_only = models.BooleanField(default=False)
    minted_by = models.ForeignKey(
        ServiceKey,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="inbox_tokens",
    )

    def __str__(self) -> str:
        """Name the user, never the digest."""
        return f"token of {self.user_id}"


class UserSession(AbstractBaseSession):
    """A browser's session, and whose it is once somebody has logged in.

    Django's own session rows do not say whose they are, so ending all sessions of a
    user would mean reading all sessions of all users. The columns beside it repeat
    what the session's data says; `apps.accounts.sessions` fills them. `seen_at` is
    when it last came with a request, to the minute.
    """

    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        related_name="sessions",
    )
    begun_at = models.DateTimeField(null=True)
    ip_address = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    seen_at = models.DateTimeField(null=True)

    class Meta(AbstractBaseSession.Meta):
        """Named apart from Django's own."""

        abstract = False
        verbose_name = "session"

    def __str__(self) -> str:
        """Name the user, never the key."""
        return f"session of {self.user_id}"

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """Name the engine, which stands above the models."""
        engine = import_module(settings.SESSION_ENGINE)
        store: type[SessionBase] = engine.SessionStore
        return store


class Ticket(models.Model):
    """A single-use pass to the WebSocket; only its hash is kept.

    `credential` is the digest of the token, the session key or the id of the service
    key that minted it: when that goes, the socket opened with the ticket goes too.
    """

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    credential_kind = models.CharField(max_length=12, choices=CredentialKind)
    credential = models.CharField(max_length=128)
    credential_expires_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Name the row without its digest."""
        return f"ticket {self.pk}"


class LoginFailures(models.Model):
    """How often a login was tried for a user name from a network."""

    username = models.CharField(max_length=150)
    network = models.CharField(max_length=64)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_index=True)

    class Meta:
        """One counter per user name and network."""

        verbose_name_plural = "login failures"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["username", "network"],
                name="accounts_one_counter_per_login",
            ),
        ]

    def __str__(self) -> str:
        """Name the counter."""
        return f"{self.username} from {self.network}"
