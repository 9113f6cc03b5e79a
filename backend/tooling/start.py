"""Bring the data up to date, say how to begin, and become `manage.py serve`."""

import os
import sys

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tooling.address import Address
from tooling.failure import Failure
from tooling.paths import BACKEND, ROOT

WELCOME = """
Carillon starts at {url}/

  logins   admin / admin123 (administrator); with password123:
           john_eng, sarah_eng, mike_marketing, lisa_ops
  admin    {url}/admin/
  sandbox  {url}/sandbox/ (e-mail and SMS arrive here)
  API      {url}/docs/

Log in as john_eng, then send him a first notification from a second terminal:

{curl}

Ctrl-C ends it; started again, everything is still there.
"""

WELCOME_WITHOUT_DEMO = """
Carillon starts at {url}/

  admin    {url}/admin/ (as the administrator that you made)
  API      {url}/docs/

Services send with a key: .venv/bin/python backend/manage.py create_service_key --help

Ctrl-C ends it; started again, everything is still there.
"""


def main() -> None:
    """Prepare and become the server.

    Raises: Failure.
    """
    os.chdir(ROOT)  # where a relative DATA_DIR begins
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        prepare()
    except (ImproperlyConfigured, CommandError) as error:
        raise Failure(str(error)) from error
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        sentence = f"The database cannot be used, check DATABASE_URL: {reason}"
        raise Failure(sentence) from error
    print(welcome(Address(settings.HOST, settings.PORT)), flush=True)
    manage = str(BACKEND / "manage.py")
    os.execv(sys.executable, [sys.executable, manage, "serve"])  # noqa: S606


def prepare() -> None:
    """Migrate, then load the demo or see to it that there is an administrator."""
    call_command("migrate", interactive=False, verbosity=0)
    if settings.DEMO:
        call_command("setup_test_data", verbosity=0)
    else:
        ensure_administrator()


def ensure_administrator() -> None:
    """Ask for an administrator when there is none.

    Raises: Failure when nobody can be asked.
    """
    if get_user_model().objects.filter(is_superuser=True, is_active=True).exists():
        return
    if os.environ.get("DJANGO_SUPERUSER_PASSWORD"):
        call_command("createsuperuser", interactive=False)
    elif sys.stdin.isatty():
        print("There is no administrator yet; make one:", flush=True)
        call_command("createsuperuser")
    else:
        raise Failure(
            "There is no administrator yet: run this in a terminal, or set "
            "DJANGO_SUPERUSER_USERNAME, DJANGO_SUPERUSER_EMAIL and "
            "DJANGO_SUPERUSER_PASSWORD."
        )


def welcome(address: Address) -> str:
    """Say what to do next."""
    if not settings.DEMO:
        return WELCOME_WITHOUT_DEMO.format(url=address.url)
    john = get_user_model().objects.get(username="john_eng")
    curl = first_notification(address.url, user_id=john.pk)
    return WELCOME.format(url=address.url, curl=curl)


def first_notification(url: str, *, user_id: int) -> str:
    """Say the shell line that logs in as the demo's admin and sends one."""
    json = "-H 'Content-Type: application/json'"
    token = (
        f"curl -sS {url}/api/auth/token/ {json}"
        """ -d '{"username":"admin","password":"admin123"}'"""
        """ | sed -E 's/.*"token": ?"([^"]+)".*/\\1/'"""
    )
    send = f'curl -sS -w "\\n" {url}/api/notifications/send/ {json}'
    body = f'{{"user_id":{user_id},"payload":{{"text":"Hello, John!"}}}}'
    return f"""{send} -H "Authorization: Token $({token})" -d '{body}'"""


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
