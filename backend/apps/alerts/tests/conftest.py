"""What the tests of this app share: people, and what was published."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.accounts.models import Team, User
from apps.alerts import showing
from apps.alerts.tests.builders import a_team, a_user
from apps.push import publishing


@dataclass
class Published:
    """The hints that would have gone through the channel layer."""

    frames: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    personal: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    def changes(self) -> list[tuple[str, str]]:
        """List group and change of each `alert` frame."""
        return [(group, frame["change"]) for group, frame in self.frames]

    def forget(self) -> None:
        """Listen for what comes from here on."""
        self.frames.clear()
        self.personal.clear()
        self.looks.clear()


@pytest.fixture
def published(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> Published:
    """Collect hints instead of publishing them."""
    heard = Published()

    def frame(group: str, text: str, **_: Any) -> None:
        heard.frames.append((group, json.loads(text)))

    def personal(group: str, **hint: Any) -> None:
        heard.personal.append((group, hint))

    monkeypatch.setattr(publishing, "publish_frame", frame)
    monkeypatch.setattr(publishing, "publish_personal", personal)
    monkeypatch.setattr(publishing, "publish_look", heard.looks.append)
    return heard


@pytest.fixture
def committing(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    """Run what waits for a commit, although the test's transaction never commits."""

    def capture() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    return capture


@pytest.fixture(autouse=True)
def quiet_notes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Send no notes of what was shown to a worker behind the test's back.

    An earlier test's may be on their way, and come back when no worker takes them; its
    own go nowhere before the test has looked at them.
    """
    monkeypatch.setattr(showing, "GATHER_SECONDS", 3600)
    monkeypatch.setattr(showing, "_notes", showing._Notes())
    yield
    showing.take()


@pytest.fixture
def engineering(db: None) -> Team:
    """Return a team."""
    return a_team("Engineering")


@pytest.fixture
def marketing(db: None) -> Team:
    """Return another team."""
    return a_team("Marketing")


@pytest.fixture
def ann(engineering: Team) -> User:
    """Return somebody of Engineering."""
    return a_user("ann", team=engineering)


@pytest.fixture
def bob(marketing: Team) -> User:
    """Return somebody of Marketing."""
    return a_user("bob", team=marketing)


@pytest.fixture
def ada(db: None) -> User:
    """Return an administrator."""
    return a_user("ada", is_admin=True)
