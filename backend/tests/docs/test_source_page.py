"""The example of docs/adding-a-source.md works as it is printed."""

import io
import json
from typing import Any

import pytest

from apps.accounts.models import User
from apps.notifications.models import Notification
from tests.docs.pages import DOCS, blocks


@pytest.mark.django_db
def test_the_example_sends_each_right_line_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = User.objects.create_user("reader")
    right = json.dumps({"user": user.pk, "text": "Hello", "id": "a1"})
    stranger = json.dumps({"user": user.pk + 1, "text": "Hello", "id": "a2"})
    lines = "\n".join([right, "not JSON", "[]", "{}", stranger, right])
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    [block] = blocks(DOCS / "adding-a-source.md")
    module: dict[str, Any] = {"__name__": "send_lines"}
    complaints = io.StringIO()

    exec(compile(block.text, "adding-a-source.md", "exec"), module)  # noqa: S102  (our own page)
    module["Command"](stderr=complaints).handle()

    [row] = Notification.objects.filter(recipient=user)
    assert json.loads(row.payload) == {"text": "Hello"}
    named = [line.split(":")[0] for line in complaints.getvalue().splitlines()]
    assert named == ["line 2", "line 3", "line 4", "line 5"]
