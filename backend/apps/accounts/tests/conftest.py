"""People, services and ways to log in for the tests of this app."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from apps.accounts import service_keys, tokens
from apps.accounts.models import Team, User
from apps.accounts.service_keys import NewServiceKey
from apps.accounts.signals import standing_changed
from apps.common import clock

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    # Argon2 takes a tenth of a second each time, by design.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def alice(db: None) -> User:
    """Return a user of a team."""
    team = Team.objects.create(name="Engineering")
    return User.objects.create_user("alice", password=PASSWORD, team=team)


@pytest.fixture
def bob(db: None) -> User:
    """Return another user."""
    return User.objects.create_user("bob", password=PASSWORD)


@pytest.fixture
def boss(db: None) -> User:
    """Return a superuser."""
    return User.objects.create_superuser("boss", password=PASSWORD)


@pytest.fixture
def client_of() -> Callable[[User], APIClient]:
    """Give clients that carry a token of their user."""

    def made(user: User) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token_of(user)}")
        return client

    return made


@pytest.fixture
def service(db: None) -> NewServiceKey:
    """Return a key with every scope."""
    return service_keys.create_service_key(
        "shop",
        scopes=list(service_keys.SCOPES),
        now=clock.now(),
    )


@pytest.fixture
def service_client(service: NewServiceKey) -> APIClient:
    """Return a client that carries the key."""
    client = APIClient()
    client.credentials(
        HTTP_X_SERVICE_ID=service.key.service_id,
        HTTP_X_SERVICE_TOKEN=service.secret,
    )
    return client


@pytest.fixture
def announced() -> Iterator[list[int]]:
    """Collect the ids of users whose standing was announced."""
    heard: list[int] = []

    def hear(user_id: int, **_: object) -> None:
        heard.append(user_id)

    standing_changed.connect(hear)
    yield heard
    standing_changed.disconnect(hear)


def token_of(user: User) -> str:
    """Make a token without logging in."""
    lifetime = timedelta(hours=1)
    return tokens.create_token(user, lifetime=lifetime, now=clock.now()).token
