"""People, services and events for the tests of this app."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from apps.accounts import service_keys
from apps.accounts.models import ServiceKey, User, UserProfile
from apps.common import clock
from apps.events.tests.builders import a_client, key_client


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def ann(db: None) -> User:
    """Return a user with every address."""
    user = User.objects.create(username="ann", email="ann@example.org")
    UserProfile.objects.create(
        user=user, phone="79110000001", telegram_chat_id="100001"
    )
    return user


@pytest.fixture
def boris(db: None) -> User:
    """Return a user who reads Russian."""
    user = User.objects.create(
        username="boris", email="boris@example.org", language="ru"
    )
    UserProfile.objects.create(user=user, phone="79110000002")
    return user


@pytest.fixture
def admin(db: None) -> APIClient:
    """Return a client of an administrator."""
    return a_client(User.objects.create(username="boss", is_admin=True))


@pytest.fixture
def a_key(db: None) -> Callable[..., tuple[ServiceKey, APIClient]]:
    """Give keys with the scopes asked for, and clients that carry them."""

    def made(*scopes: str, name: str = "shop") -> tuple[ServiceKey, APIClient]:
        new = service_keys.create_service_key(name, scopes=scopes, now=clock.now())
        return new.key, key_client(new)

    return made


@pytest.fixture
def shop(a_key: Callable[..., tuple[ServiceKey, APIClient]]) -> APIClient:
    """Return a client of a service that may do everything with events."""
    return a_key("events:write", "events:send", "sms:send")[1]
