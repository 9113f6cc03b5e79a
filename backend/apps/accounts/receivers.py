"""Django's own logins, the admin's among them, told to the services."""

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts import services
from apps.common import clock


@receiver(user_logged_in, dispatch_uid="accounts.note_login")
def note_login(request: HttpRequest, **_: object) -> None:
    """Write down the new session."""
    services.note_login(request, now=clock.now())


@receiver(user_logged_out, dispatch_uid="accounts.forget_session")
def forget_session(request: HttpRequest, **_: object) -> None:
    """End what hangs on the session."""
    services.forget_session(request)
