"""What goes in and out of the events API."""

from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from apps.delivery import sms_text
from apps.events import policy
from apps.events.models import Event, EventTemplate
from apps.events.policy import TemplateText
from apps.events.services import EventFields, Preview
from apps.notifications.fields import Flag, Text, WholeNumber
from apps.notifications.models import Severity
from apps.notifications.policy import KIND
from apps.notifications.serializers import Strict


class TemplateBody(Strict):
    """How an event is said by one channel in one language."""

    channel = Text(
        max_length=32,
        help_text="email, sms, telegram, in_app, webhook or another outside channel.",
    )
    locale = Text(
        required=False,
        max_length=12,
        help_text="The event's default language, unless given.",
    )
    subject = Text(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="E-mail: the subject; in the app: the title. One line.",
    )
    content = Text(
        required=False,
        allow_blank=True,
        max_length=65_536,
        help_text="A webhook's is JSON with templates in its texts.",
    )
    is_html = Flag(
        required=False,
        help_text="E-mail: HTML, in which all data is escaped.",
    )
    attachments = WholeNumber(
        required=False,
        help_text="E-mail: how many files each message comes with.",
    )
    url = Text(
        required=False,
        allow_blank=True,
        max_length=2000,
        help_text="In the app: where a click leads.",
    )


class DataObject(serializers.DictField):
    """Names and their values, which are any JSON."""

    child = serializers.JSONField()


class EventBody(Strict):
    """An event with its templates."""

    id = serializers.IntegerField(read_only=True)
    name = Text(max_length=200)
    description = Text(required=False, allow_blank=True, max_length=4000)
    kind = Text(
        required=False,
        validators=[RegexValidator(f"^{KIND.pattern}$")],
        help_text="Users choose by kind what they want to hear. `event` unless given.",
    )
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    default_language = Text(required=False, max_length=12)
    variables = serializers.ListField(
        child=Text(max_length=64),
        required=False,
        max_length=100,
        help_text="If given, templates that use other names are refused.",
    )
    sample = DataObject(required=False, help_text="What previews are filled with.")
    templates = serializers.ListField(child=TemplateBody(), required=False)
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)

    def validate_templates(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Require the channel of each, in a partial change too."""
        errors = [
            {} if "channel" in each else {"channel": ["This field is required."]}
            for each in value
        ]
        if any(errors):
            raise serializers.ValidationError(errors)
        return value

    def to_representation(self, instance: Event) -> dict[str, Any]:
        """Show an event."""
        shown = {name: getattr(instance, name) for name in _SHOWN}
        for name in ("created_at", "updated_at"):
            shown[name] = shown[name].isoformat().replace("+00:00", "Z")
        rows = instance.templates.all()
        return {**shown, "templates": [_template(row) for row in rows]}

    @property
    def fields_said(self) -> EventFields:
        """Return what is said, as the service takes it."""
        said: Any = dict(self.validated_data)
        if "severity" in said:
            said["severity"] = str(said["severity"])
        if "templates" in said:
            default = said.get("default_language") or self._default_language
            said["templates"] = [
                TemplateText(**{"locale": default, **each})
                for each in said["templates"]
            ]
        return said  # type: ignore[no-any-return]  # as the fields are

    @property
    def _default_language(self) -> str:
        event = self.context.get("event")
        return event.default_language if isinstance(event, Event) else "en"


_SHOWN = (
    "id",
    "name",
    "description",
    "kind",
    "severity",
    "default_language",
    "variables",
    "sample",
    "created_at",
    "updated_at",
)


class EventPage(serializers.Serializer[Any]):
    """A page of events."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = EventBody(many=True)


class PreviewRequest(Strict):
    """What to fill the templates with."""

    metadata = DataObject(
        required=False,
        help_text="The event's sample, unless given.",
    )
    language = Text(required=False, max_length=12)


class PreviewedChannel(serializers.Serializer[Any]):
    """What a template becomes."""

    locale = serializers.CharField()
    subject = serializers.CharField(required=False)
    content = serializers.CharField(required=False)
    html = serializers.CharField(required=False)
    url = serializers.CharField(required=False)
    attachments = serializers.IntegerField(required=False)
    length = serializers.IntegerField(required=False, help_text="SMS: characters.")
    segments = serializers.IntegerField(
        required=False,
        help_text="SMS: as how many it is sent and paid for.",
    )
    missing = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Names that the template needs and the data lacks.",
    )
    errors = serializers.DictField(  # type: ignore[assignment]  # as in the answer
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
    )


class PreviewAnswer(serializers.Serializer[Any]):
    """What the templates become, by channel."""

    channels = serializers.DictField(child=PreviewedChannel())


def previewed(found: list[Preview]) -> dict[str, Any]:
    """Show previews by channel; what is empty is left out."""
    return {"channels": {each.template.channel: _previewed(each) for each in found}}


def _previewed(preview: Preview) -> dict[str, Any]:
    template, made = preview.template, preview.rendered
    shown: dict[str, Any] = {
        "subject": made.subject,
        "content": made.text or made.payload,
        "html": made.html,
        "url": made.url,
        "attachments": template.attachments,
        "missing": made.missing,
        "errors": made.errors,
    }
    if template.channel == "sms" and made.text:
        shown["length"] = sms_text.length(made.text)
        shown["segments"] = sms_text.segments(made.text)
    full = {name: value for name, value in shown.items() if value}
    return {"locale": template.locale, **full}


def _template(row: EventTemplate) -> dict[str, Any]:
    """Show a template: the fields that its channel has."""
    names = ("channel", "locale", *policy.fields_of(row.channel))
    return {name: getattr(row, name) for name in names}
