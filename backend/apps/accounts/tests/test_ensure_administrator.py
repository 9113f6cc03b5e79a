"""An installation without a terminal gets one administrator, once."""

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import User

pytestmark = pytest.mark.django_db


def test_makes_an_administrator_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "canary-first-0091")

    call_command("ensure_administrator")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "canary-second-0091")
    call_command("ensure_administrator")

    (made,) = User.objects.filter(is_superuser=True)
    assert made.username == "admin"
    assert made.check_password("canary-first-0091")


def test_without_a_password_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD", raising=False)

    with pytest.raises(CommandError, match="DJANGO_SUPERUSER_PASSWORD"):
        call_command("ensure_administrator")
