"""Fields that take their JSON type and nothing that merely looks like it."""

import json
from datetime import datetime
from typing import Any, ClassVar

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

from apps.common import clock
from apps.notifications import policy, selectors
from apps.notifications.models import Broadcast, Notification


class Text(serializers.CharField):
    """A JSON string; DRF's own field would take numbers too."""

    def __init__(self, **options: Any) -> None:
        """Keep the text to the letter."""
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: object) -> str:
        """Accept a string."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class WholeNumber(serializers.IntegerField):
    """A JSON integer; not `true`, not `1.0`, not `"1"`."""

    def __init__(self, **options: Any) -> None:
        """Stay within what the database holds."""
        options.setdefault("min_value", 0)
        super().__init__(max_value=policy.LARGEST_ID, **options)

    def to_internal_value(self, data: object) -> int:
        """Accept an integer."""
        if type(data) is not int:
            self.fail("invalid")
        return data


class Anything(serializers.Field[Any, Any, Any, Any]):
    """Whatever JSON value; what it must be is looked at later."""

    def to_internal_value(self, data: Any) -> Any:
        """Accept it."""
        return data

    def to_representation(self, value: Any) -> Any:
        """Show it."""
        return value


class Flag(serializers.BooleanField):
    """A JSON boolean; not `1`, not `"true"`."""

    def to_internal_value(self, data: object) -> bool:
        """Accept a boolean."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Moment(serializers.DateTimeField):
    """A time with its time zone, in ISO 8601."""

    default_error_messages = {
        "zone": "Must be a time with a time zone, such as 2030-01-01T00:00:00Z.",
    }

    def to_internal_value(self, value: object) -> datetime:
        """Accept a text with a time zone."""
        if not isinstance(value, str) or not _has_zone(value):
            self.fail("zone")
        return super().to_internal_value(value)


class Payload(serializers.JSONField):
    """Any JSON value but null, kept elsewhere as the text that came in."""


class StoredPayload(Payload):
    """The stored text, shown as the value that it is."""

    def to_representation(self, value: Any) -> Any:
        """Decode it."""
        return json.loads(value)


class ItemState(serializers.Field[Any, Any, Any, Any]):
    """What a notification is to its recipient now; its source is the whole row."""

    class Meta:
        """How it is described."""

        swagger_schema_fields: ClassVar = {
            "enum": ["unread", "read", "archived", "withdrawn", "expired"],
        }

    def to_representation(self, value: Notification) -> str:
        """Say it."""
        return selectors.state_of(value, now=clock.now())


class Audience(serializers.Field[Any, Any, Any, Any]):
    """Whom a broadcast is for; its source is the whole row."""

    class Meta:
        """How it is described."""

        swagger_schema_fields: ClassVar = {"enum": ["team", "everyone"]}

    def to_representation(self, value: Broadcast) -> str:
        """Say it."""
        return "everyone" if value.team_id is None else "team"


def _has_zone(value: str) -> bool:
    try:
        parsed = parse_datetime(value)
    except ValueError:
        return False
    return parsed is not None and parsed.tzinfo is not None
