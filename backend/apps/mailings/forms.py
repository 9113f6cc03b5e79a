"""The forms of the administration; the rules are those of the API."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.accounts.validators import validate_phone
from apps.mailings import clients, policy
from apps.mailings.models import Client, Mailing

MAILING_FIELDS = (
    "text",
    "tag",
    "mobile_operator_code",
    "date_start",
    "date_end",
    "time_start",
    "time_end",
)


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """A client."""

    class Meta:
        """What can be written."""

        model = Client
        fields = ("phone_number", "tag", "timezone")

    def clean(self) -> dict[str, Any]:
        """Apply the rules, and look whether the number is taken."""
        cleaned = super().clean() or self.cleaned_data
        number = cleaned.get("phone_number")
        same = Client.objects.filter(phone_number=number, deleted_at=None)
        if number and same.exclude(pk=self.instance.pk).exists():
            self.add_error("phone_number", clients.TAKEN)
        return cleaned


class MailingForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """A mailing; what is saved here is a draft until somebody starts it."""

    class Meta:
        """What can be written."""

        model = Mailing
        fields = MAILING_FIELDS
        widgets = {"text": UnfoldAdminTextareaWidget}

    def clean(self) -> dict[str, Any]:
        """Apply the rules."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            values = {name: getattr(self.instance, name) for name in MAILING_FIELDS}
            for field, texts in policy.errors({**values, **cleaned}).items():
                name = field if field in self.fields else None
                self.add_error(name, texts)
        return cleaned


class ConfirmForm(forms.Form):
    """Asks for the number of recipients where there are many."""

    recipients = forms.IntegerField(
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        label="Type the number of recipients to confirm",
    )

    def __init__(self, *args: Any, expected: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self._expected = expected

    def clean_recipients(self) -> int:
        """Compare."""
        typed = int(self.cleaned_data["recipients"])
        if typed != self._expected:
            message = f"There are {self._expected} recipients."
            raise forms.ValidationError(message)
        return typed


class TestForm(forms.Form):
    """Where a test goes."""

    phone_number = forms.CharField(
        max_length=11,
        validators=[validate_phone],
        widget=UnfoldAdminTextInputWidget(),
        help_text="7XXXXXXXXXX",
    )


class ImportForm(forms.Form):
    """A file with clients."""

    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text="CSV in UTF-8: phone_number,tag,timezone. At most 20 MiB.",
    )
    skip_invalid = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanWidget,
        label="Import the right lines although others are wrong",
    )
