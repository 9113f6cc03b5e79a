"""Forms of the administration: logging in, passwords, service keys."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.forms import (
    AdminOwnPasswordChangeForm,
    AdminPasswordChangeForm,
    AuthenticationForm,
)
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.accounts import revocation, service_keys, services
from apps.accounts.models import ServiceKey, User
from apps.accounts.throttling import TooManyLogins
from apps.common import clock


class ThrottledAuthenticationForm(AuthenticationForm):
    """The administration's login, counted with all the others."""

    def clean(self) -> dict[str, Any]:
        """Verify name and password."""
        cleaned: dict[str, Any] = self.cleaned_data
        username, password = cleaned.get("username"), cleaned.get("password")
        if not username or not password:
            return cleaned
        self.user_cache = self._verified(username, password)
        self.confirm_login_allowed(self.user_cache)
        return cleaned

    def _verified(self, username: str, password: str) -> User:
        try:
            return services.verify_password(
                username,
                password,
                request=self.request or HttpRequest(),
                now=clock.now(),
            )
        except services.LoginFailed as error:
            raise self.get_invalid_login_error() from error
        except TooManyLogins as error:
            message = (
                f"Too many failed logins. Try again in {error.retry_after_seconds} s."
            )
            raise ValidationError(message, code="throttled") from error


class OthersPasswordForm(AdminPasswordChangeForm):
    """An administrator sets a user's password: every login of that user ends."""

    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002  (Django's)
        """Store the password and end what was opened with the old one."""
        user: User = super().save(commit)
        revocation.end_everything(user.pk)
        return user


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    """Staff set their own password; Django keeps the session that they use."""

    def save(self, commit: bool = True) -> User:  # noqa: FBT001, FBT002  (Django's)
        """Store the password and end what was opened with the old one."""
        user: User = super().save(commit)
        revocation.end_everything(user.pk)
        return user


class ServiceKeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not at run time
    """A service key without its secret."""

    scopes = forms.MultipleChoiceField(
        choices=[
            (name, f"{name}: {text}") for name, text in service_keys.SCOPES.items()
        ],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the service may do.",
    )

    class Meta:
        """What an administrator decides."""

        model = ServiceKey
        fields = ("name", "scopes", "expires_at")
