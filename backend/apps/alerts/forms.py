"""The form behind an alert in the administration."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
)

from apps.alerts import services
from apps.alerts.models import Alert, Channel, in_app_only
from apps.alerts.policy import AlertError
from apps.alerts.services import AlertFields

FIELDS = (
    "title",
    "message",
    "severity",
    "visibility_type",
    "target_teams",
    "target_users",
    "start_time",
    "expiry_time",
    "reminders_enabled",
    "reminder_interval",
    "max_reminders",
    "channels",
    "remind_outside",
    "is_active",
)


class AlertForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """An alert; the rules are those of the API."""

    channels = forms.MultipleChoiceField(
        choices=Channel.choices,
        initial=in_app_only,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="An alert is always shown on the page (in app).",
    )

    class Meta:
        """What an author says."""

        model = Alert
        fields = FIELDS
        widgets = {"message": UnfoldAdminTextareaWidget}

    def clean(self) -> dict[str, Any]:
        """Apply the rules that hold at every entrance."""
        cleaned = super().clean() or self.cleaned_data
        # A field that could not be read has its error already.
        if not self.errors:
            try:
                services.check_fields(self.said(), alert_id=self.instance.pk)
            except AlertError as error:
                for field, texts in error.errors.items():
                    self.add_error(field, texts)
        return cleaned

    def said(self) -> AlertFields:
        """Return what is said."""
        said = dict(self.cleaned_data)
        for name in ("target_teams", "target_users"):
            said[name] = [each.pk for each in said.get(name) or ()]
        fields: Any = {name: said[name] for name in FIELDS if name in said}
        return fields  # type: ignore[no-any-return]  # as the fields are


class AudienceForm(forms.Form):
    """What a preview of an audience is asked with."""

    visibility_type = forms.CharField(required=False)
    teams = forms.CharField(required=False)
    users = forms.CharField(required=False)

    def ids(self, name: str) -> list[int]:
        """Read a list such as `3,7`; what is no number is nobody's id."""
        texts = str(self.cleaned_data[name]).split(",")
        return [int(text) for text in texts if text.isascii() and text.isdecimal()]
