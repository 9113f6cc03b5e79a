"""The forms behind an event in the administration; the rules are those of the API."""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.accounts.models import ServiceKey
from apps.common import strict_json
from apps.events import services
from apps.events.models import Event, EventTemplate
from apps.events.policy import TemplateText
from apps.events.services import EventFields
from apps.notifications.policy import KIND

FIELDS = (
    "name",
    "description",
    "kind",
    "severity",
    "default_language",
    "variables",
    "sample",
)
TEMPLATE_FIELDS = (
    "channel",
    "locale",
    "subject",
    "content",
    "is_html",
    "attachments",
    "url",
)


class NamesField(forms.CharField):
    """A list of names, written with commas between them."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """Show a list as people write it."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Read it."""
        text = super().to_python(value) or ""
        return [name.strip() for name in text.split(",") if name.strip()]


class JsonField(forms.CharField):
    """A JSON object, shown with its lines."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        """Lay it out."""
        if isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False, indent=2)
        return value

    def to_python(self, value: Any) -> Any:
        """Read it by the rules of the API."""
        text = super().to_python(value) or "{}"
        try:
            found = strict_json.parse(text)
        except strict_json.BadJSON as error:
            raise ValidationError(str(error)) from error
        if not isinstance(found, dict):
            message = "An object: names and their values."
            raise ValidationError(message)
        return found


class EventForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """An event without its templates."""

    kind = forms.CharField(
        initial="event",
        max_length=64,
        validators=[RegexValidator(f"^{KIND.pattern}$")],
        widget=UnfoldAdminTextInputWidget,
        help_text="Users choose by kind what they want to hear.",
    )
    variables = NamesField(
        required=False,
        help_text=("The names that the templates may use, comma by comma. Empty: any."),
    )
    sample = JsonField(required=False, help_text="JSON: what previews are filled with.")

    class Meta:
        """What an author says."""

        model = Event
        fields = (*FIELDS, "owner")
        widgets = {
            "description": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            "owner": UnfoldAdminSelectWidget,
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        """Offer the services as owners."""
        super().__init__(*args, **options)
        if "owner" in self.fields:
            self.fields["owner"] = forms.ChoiceField(
                choices=owners,
                required=False,
                widget=UnfoldAdminSelectWidget,
                help_text="The service whose event it is.",
            )

    def _post_clean(self) -> None:
        """Apply the rules that hold at every entrance, to the event as it would be."""
        super()._post_clean()  # type: ignore[misc]  # Django's, without a type
        if not self.errors:
            for name, texts in services.event_errors(self.instance).items():
                self.add_error(name, texts)

    def said(self) -> EventFields:
        """Return what is said."""
        fields: Any = {name: self.cleaned_data[name] for name in FIELDS}
        return fields  # type: ignore[no-any-return]  # as the fields are


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """One template."""

    channel = forms.ChoiceField(
        choices=lambda: [(name, name) for name in services.channels()],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        """What an author says."""

        model = EventTemplate
        fields = TEMPLATE_FIELDS
        widgets = {"content": UnfoldAdminTextareaWidget(attrs={"rows": 6})}


def text_of(form: Any) -> TemplateText | None:
    """Return a form's template, if it is complete and to be kept."""
    said = getattr(form, "cleaned_data", {})
    if not said.get("channel") or not said.get("locale") or said.get("DELETE"):
        return None
    return TemplateText(
        channel=said["channel"],
        locale=said["locale"],
        subject=said.get("subject") or "",
        content=said.get("content") or "",
        is_html=bool(said.get("is_html")),
        attachments=said.get("attachments") or 0,
        url=said.get("url") or "",
    )


class TemplateFormSet(PaginationInlineFormSet):
    """All templates of an event, looked at together."""

    def clean(self) -> None:
        """Apply the rules that hold at every entrance."""
        super().clean()
        event: Event = self.instance
        for form in self.forms:
            text = text_of(form)
            if text is None or form.errors:
                continue
            errors = services.template_errors(text, event.variables)
            for name, texts in errors.items():
                form.add_error(name, texts)
        if not any(self.errors):
            errors_of_all = services.set_errors(event, self.texts())
            if errors_of_all:
                raise ValidationError(errors_of_all)

    def texts(self) -> list[TemplateText]:
        """Return the templates."""
        found = [text_of(form) for form in self.forms]
        return [text for text in found if text is not None]


class PreviewForm(forms.Form):
    """What a preview is filled with."""

    metadata = JsonField(
        label="Data",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
    )
    language = forms.CharField(
        required=False,
        max_length=12,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "en"}),
    )


def owners() -> list[tuple[str, str]]:
    """Offer each service once, by the name of its newest key."""
    keys = ServiceKey.objects.order_by("id").values_list("lineage", "name")
    names = {lineage: f"{name} ({lineage})" for lineage, name in keys}
    return [("", "the administrators"), *names.items()]
