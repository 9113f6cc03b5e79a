"""What goes in and out of the accounts API."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError as PasswordRefused
from rest_framework import serializers

from apps.accounts import selectors
from apps.accounts.models import Language, Team, User, UserSession
from apps.accounts.sessions import public_id
from apps.accounts.validators import (
    validate_external_id,
    validate_phone,
    validate_telegram_chat,
    validate_timezone,
)


class Login(serializers.Serializer[Any]):
    """A name and a password."""

    username = serializers.CharField(max_length=150, trim_whitespace=False)
    password = serializers.CharField(
        max_length=1024,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
    )


class IssuedToken(serializers.Serializer[Any]):
    """A token, shown this once."""

    token = serializers.CharField(
        help_text="Send it as `Authorization: Token <token>`.",
    )
    expiry = serializers.DateTimeField(help_text="From then on it is refused.")


class TeamName(serializers.ModelSerializer[Team]):
    """A team as others see it."""

    class Meta:
        """Id and name."""

        model = Team
        fields = ("id", "name")


class Contacts(serializers.Serializer[Any]):
    """Where a user can be reached."""

    email = serializers.EmailField()
    phone = serializers.CharField(help_text="7XXXXXXXXXX, or empty.")
    telegram_chat_id = serializers.CharField()

    def to_representation(self, instance: User) -> dict[str, Any]:
        """Gather the addresses of the user and of the profile."""
        profile = selectors.profile_of(instance)
        return {
            "email": instance.email,
            "phone": profile.phone,
            "telegram_chat_id": profile.telegram_chat_id,
        }


class Person(serializers.ModelSerializer[User]):
    """A user as the user and the systems that made it see it."""

    team = TeamName(allow_null=True)
    is_admin = serializers.BooleanField(
        source="counts_as_admin",
        help_text="May send notifications; superusers always may.",
    )
    contacts = Contacts(source="*")

    class Meta:
        """What is shown; passwords never are."""

        model = User
        fields = (
            "id",
            "username",
            "first_name",
            "last_name",
            "external_id",
            "team",
            "is_admin",
            "is_staff",
            "timezone",
            "language",
            "contacts",
        )


class PersonChange(serializers.Serializer[Any]):
    """What users may change of themselves; what is absent stays."""

    first_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    last_name = serializers.CharField(required=False, allow_blank=True, max_length=150)
    email = serializers.EmailField(required=False, allow_blank=True, max_length=254)
    phone = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        validators=[validate_phone],
        help_text="7XXXXXXXXXX; empty to remove it.",
    )
    telegram_chat_id = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        validators=[validate_telegram_chat],
        help_text="A numeric id or @name; empty to remove it.",
    )
    timezone = serializers.CharField(
        required=False,
        trim_whitespace=False,
        validators=[validate_timezone],
        help_text="The exact name of an IANA time zone, such as Europe/Moscow.",
    )
    language = serializers.ChoiceField(choices=Language.choices, required=False)


class ExternalPerson(PersonChange):
    """What another system may say of a user; what is absent stays."""

    username = serializers.CharField(
        required=False,
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text="For a new user the external id, unless given.",
    )
    team_id = serializers.PrimaryKeyRelatedField(
        source="team",
        queryset=Team.objects.order_by("name"),
        required=False,
        allow_null=True,
        help_text="The id of a team; null for none.",
    )
    team = serializers.SlugRelatedField(
        slug_field="name",
        queryset=Team.objects.order_by("name"),
        required=False,
        allow_null=True,
        help_text="The name of a team, in place of its id.",
    )
    is_active = serializers.BooleanField(
        required=False,
        help_text="False ends all logins of the user at once.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a team that is named in both ways."""
        if "team" in self.initial_data and "team_id" in self.initial_data:
            message = "Give team or team_id, not both."
            raise serializers.ValidationError({"team": [message]})
        return attrs


class PasswordChange(serializers.Serializer[Any]):
    """The password as it was and as it is to be."""

    old_password = serializers.CharField(
        max_length=1024,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
    )
    new_password = serializers.CharField(
        max_length=1024,
        trim_whitespace=False,
        write_only=True,
        style={"input_type": "password"},
    )

    def validate_new_password(self, value: str) -> str:
        """Apply the rules for passwords."""
        try:
            validate_password(value, self.context["request"].user)
        except PasswordRefused as error:
            raise serializers.ValidationError(error.messages) from error
        return value


class BrowserSession(serializers.ModelSerializer[UserSession]):
    """A browser that is signed in; the key of its cookie is never shown."""

    id = serializers.SerializerMethodField(help_text="For ending it; no secret.")
    created_at = serializers.DateTimeField(source="begun_at", allow_null=True)
    last_seen_at = serializers.DateTimeField(
        source="seen_at",
        allow_null=True,
        help_text="To the minute.",
    )
    expires_at = serializers.DateTimeField(source="expire_date")
    is_current = serializers.SerializerMethodField(help_text="The one that asks.")

    class Meta:
        """What is shown."""

        model = UserSession
        fields = (
            "id",
            "created_at",
            "last_seen_at",
            "expires_at",
            "user_agent",
            "ip_address",
            "is_current",
        )

    def get_id(self, session: UserSession) -> str:
        """Name the session without its key."""
        return public_id(session)

    def get_is_current(self, session: UserSession) -> bool:
        """Compare with the session of the request, where it has one."""
        return bool(session.session_key == self.context["current_key"])


class TicketRequest(serializers.Serializer[Any]):
    """For whom a service wants a ticket; people leave it empty."""

    user_id = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="The user's id.",
    )
    external_id = serializers.CharField(
        required=False,
        trim_whitespace=False,
        validators=[validate_external_id],
        help_text="The user's id in the calling system, in place of user_id.",
    )


class IssuedTicket(serializers.Serializer[Any]):
    """A ticket, and for services a token for the inbox."""

    ticket = serializers.CharField(help_text="Opens one socket, once.")
    expires_in = serializers.FloatField(help_text="In seconds.")
    inbox_token = serializers.CharField(
        required=False,
        help_text="Services only: opens the user's inbox over HTTP, nothing else.",
    )
    inbox_token_expires_in = serializers.FloatField(
        required=False,
        help_text="Services only: in seconds.",
    )
