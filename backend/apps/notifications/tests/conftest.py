"""What the tests of this app share: users, and an ear at the publisher."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.accounts.models import User
from apps.notifications.tests.builders import a_user
from apps.push import publishing


@dataclass
class Published:
    """The hints that would have gone through the channel layer."""

    notifications: list[dict[str, Any]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)


def _noting(notes: list[dict[str, Any]]) -> Callable[..., None]:
    def note(**hint: Any) -> None:
        notes.append(hint)

    return note


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    """Collect hints instead of publishing them."""
    heard = Published()
    monkeypatch.setattr(
        publishing, "publish_notification", _noting(heard.notifications)
    )
    monkeypatch.setattr(publishing, "publish_state", _noting(heard.states))
    return heard


@pytest.fixture
def ann(db: None) -> User:
    """Return a user with an inbox."""
    return a_user("ann")


@pytest.fixture
def bob(db: None) -> User:
    """Return somebody else."""
    return a_user("bob")
