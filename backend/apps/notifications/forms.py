"""The form behind "Send a notification" in the administration."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts.models import Team
from apps.common import clock
from apps.notifications import policy
from apps.notifications.models import Notification
from apps.notifications.policy import Draft, DraftError, Message

# Stands for whoever gets it, since the other rules are the same for all.
_SOMEBODY = 1


class SendForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """A message, and one user, one team or everyone."""

    team = forms.ModelChoiceField(
        Team.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    everyone = forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget)
    payload = forms.CharField(
        required=False,
        strip=True,
        widget=UnfoldAdminTextareaWidget,
        help_text="JSON; not needed with a title.",
    )

    class Meta:
        """What a sender says."""

        model = Notification
        fields = (
            "recipient",
            "title",
            "body",
            "payload",
            "severity",
            "kind",
            "url",
            "expires_at",
        )

    def __init__(self, *args: Any, **options: Any) -> None:
        """Leave the recipient open: a team or everyone may stand in its place."""
        super().__init__(*args, **options)
        if "recipient" in self.fields:
            self.fields["recipient"].required = False

    def clean(self) -> dict[str, Any]:
        """Apply the rules that hold at every entrance."""
        cleaned = super().clean() or self.cleaned_data
        chosen = [
            name for name in ("recipient", "team", "everyone") if cleaned.get(name)
        ]
        if len(chosen) != 1:
            self.add_error(None, "Choose one: a recipient, a team, or everyone.")
        try:
            text = cleaned.get("payload")
            cleaned["payload"] = policy.checked_text(text) if text else None
            policy.completed(Draft(_SOMEBODY, **self.message()), now=clock.now())
        except DraftError as error:
            for field, texts in error.errors.items():
                self.add_error(field, texts)
        return cleaned

    def message(self) -> Message:
        """Return what is said."""
        said = self.cleaned_data
        return Message(
            payload_text=said.get("payload"),
            title=said.get("title", ""),
            body=said.get("body", ""),
            severity=said.get("severity", "info"),
            kind=said.get("kind", "message"),
            url=said.get("url", ""),
            expires_at=said.get("expires_at"),
        )
