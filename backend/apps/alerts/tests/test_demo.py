"""The demo's alerts: A40."""

import pytest
import time_machine
from django.core.management import call_command

from apps.accounts.models import User
from apps.alerts import selectors
from apps.alerts.models import Alert
from apps.alerts.tests.builders import DAY
from apps.common import clock

pytestmark = pytest.mark.django_db


def titles(username: str) -> set[str]:
    user = User.objects.get(username=username)
    rows = selectors.visible_to(user.pk, user.team_id, now=clock.now())
    return {row.alert.title for row in rows}


def load() -> None:
    call_command("setup_test_data", "--force", verbosity=0)


def test_a40_the_demo_has_an_alert_of_each_kind_and_renews_them(
    settings: object, moment: time_machine.Traveller
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # type: ignore[attr-defined]  # pytest-django's
    load()
    first = {"System maintenance"}
    assert titles("lisa_ops") == titles("mike_marketing") == titles("admin") == first
    assert titles("sarah_eng") == {*first, "Security update"}
    assert titles("john_eng") == {*first, "Security update", "Database migration"}

    moment.shift(8 * DAY)
    assert titles("john_eng") == set()
    load()

    assert len(titles("john_eng")) == 3
    assert Alert.objects.count() == 3
    assert {each.expiry_time for each in Alert.objects.all()} == {clock.now() + 7 * DAY}
