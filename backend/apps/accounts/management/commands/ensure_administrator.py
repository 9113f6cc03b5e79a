"""Make the first administrator where nobody can be asked."""

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """`manage.py ensure_administrator`, with DJANGO_SUPERUSER_PASSWORD set."""

    help = "Make an administrator if there is none; the environment says the password."

    def handle(self, *args: Any, **options: Any) -> None:
        """Leave an installation alone that has one."""
        users = get_user_model().objects
        if users.filter(is_superuser=True, is_active=True).exists():
            return
        if not os.environ.get("DJANGO_SUPERUSER_PASSWORD"):
            message = "There is no administrator; set DJANGO_SUPERUSER_PASSWORD."
            raise CommandError(message)
        name = os.environ.get("DJANGO_SUPERUSER_USERNAME", "") or "admin"
        email = os.environ.get("DJANGO_SUPERUSER_EMAIL", "") or f"{name}@localhost"
        call_command("createsuperuser", interactive=False, username=name, email=email)
