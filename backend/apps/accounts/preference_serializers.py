"""What goes in and out where users say what they want to hear outside of the page."""

import re
from datetime import time
from typing import Any

from rest_framework import serializers

from apps.accounts import preferences, vocabulary
from apps.accounts.models import QuietHours, User
from apps.accounts.preferences import CRITICAL, QuietHoursChange
from apps.accounts.vocabulary import EVERY_KIND
from apps.common import clock

CANNOT_SWITCH_OFF = (
    "What is critical cannot be switched off: it always comes, by every channel and "
    "in quiet hours too."
)
_KIND = re.compile(r"[a-z0-9_.-]{1,64}")
_SHOWN = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class WallTime(serializers.TimeField):
    """A time as a clock on the wall shows it: `HH:MM`."""

    default_error_messages = {"invalid": "Write the time as HH:MM, such as 22:00."}

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)

    def to_internal_value(self, value: object) -> time:
        """Accept two digits, a colon and two digits."""
        if not isinstance(value, str) or not _SHOWN.fullmatch(value):
            self.fail("invalid")
        return super().to_internal_value(value)


class Switch(serializers.BooleanField):
    """A JSON boolean; not `1`, not `"true"`."""

    def to_internal_value(self, data: object) -> bool:
        """Accept a boolean."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class _Strict(serializers.Serializer[Any]):
    """A body in which a field that is not known is a mistake."""

    def to_internal_value(self, data: Any) -> Any:
        """Name every field that is not known."""
        unknown = data.keys() - self.fields.keys() if isinstance(data, dict) else ()
        if unknown:
            raise serializers.ValidationError(
                {name: [self.unknown(name)] for name in sorted(unknown)}
            )
        return super().to_internal_value(data)

    def unknown(self, name: str) -> str:
        """Say what is wrong with a field that is not known."""
        return CANNOT_SWITCH_OFF if name == CRITICAL else "There is no such field."


class QuietHoursFields(_Strict):
    """From start to just before end, by the clock of the user's time zone."""

    enabled = Switch(required=False, help_text="Off unless switched on.")
    start = WallTime(required=False)
    end = WallTime(
        required=False,
        help_text="An end before the start lies on the next day.",
    )


class KindChoices(serializers.DictField):
    """By channel: whether it is on."""

    child = Switch()


class PreferencesChange(_Strict):
    """What to change; what is absent stays."""

    kinds = serializers.DictField(
        child=KindChoices(),
        required=False,
        help_text=(
            "By kind of notification and channel: true or false. The kind `*` stands "
            "for all kinds without a choice of their own."
        ),
    )
    quiet_hours = QuietHoursFields(required=False)

    def validate_kinds(self, value: dict[str, Any]) -> dict[str, Any]:
        """Accept kinds that can be and channels that are, less what is critical."""
        errors = {
            kind: error
            for kind, by_channel in value.items()
            if (error := _kind_error(kind, by_channel))
        }
        if errors:
            raise serializers.ValidationError(errors)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse quiet hours that end when they begin."""
        hours = attrs.get("quiet_hours", {})
        stored: QuietHours = self.context["stored_hours"]
        if hours.get("start", stored.start) == hours.get("end", stored.end):
            message = "Quiet hours cannot end when they begin."
            raise serializers.ValidationError({"quiet_hours": {"end": [message]}})
        return attrs

    @property
    def hours(self) -> QuietHoursChange | None:
        """Return what is said of the quiet hours."""
        said = self.validated_data.get("quiet_hours")
        return None if said is None else QuietHoursChange(**said)


class Critical(serializers.Serializer[Any]):
    """What cannot be chosen."""

    locked = serializers.BooleanField()
    reason = serializers.CharField()


class PreferencesShown(serializers.Serializer[Any]):
    """What a user hears outside of the page, and when."""

    channels = serializers.ListField(child=serializers.CharField())
    kinds = serializers.DictField(child=KindChoices())
    quiet_hours = QuietHoursFields()
    timezone = serializers.CharField(help_text="Whose clock tells the quiet hours.")
    quiet_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Set while it is quiet: until then everything but critical waits.",
    )
    critical = Critical()


def shown(user: User) -> dict[str, Any]:
    """Show a user's preferences."""
    hours = preferences.quiet_hours_of(user)
    quiet = preferences.quiet_until([user.pk], now=clock.now())
    return dict(
        PreferencesShown(
            {
                "channels": vocabulary.channels(),
                "kinds": preferences.choices_of(user),
                "quiet_hours": hours,
                "timezone": user.timezone,
                "quiet_until": quiet.get(user.pk),
                "critical": {"locked": True, "reason": CANNOT_SWITCH_OFF},
            }
        ).data
    )


def _kind_error(kind: str, by_channel: dict[str, bool]) -> list[str]:
    if kind == CRITICAL:
        return [CANNOT_SWITCH_OFF]
    if kind != EVERY_KIND and not _KIND.fullmatch(kind):
        return [f"A kind is * or matches {_KIND.pattern}."]
    known = vocabulary.channels()
    unknown = sorted(set(by_channel) - set(known))
    if unknown:
        return [f"Unknown channel {', '.join(unknown)}; there are {', '.join(known)}."]
    return []
