"""What `make run` prepares and says before it becomes the server."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from pytest_django import Settings

from tooling import start
from tooling.address import Address
from tooling.failure import Failure

ADDRESS = Address("127.0.0.1", 8000)


class Recorder(BaseHTTPRequestHandler):
    """Gives out a token, and keeps what is sent with it."""

    received: list[tuple[str, str | None, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.received.append((self.path, self.headers["Authorization"], body))
        answer = json.dumps({"token": "abc123", "expiry": "2030-01-01"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture
def recorder() -> Iterator[ThreadingHTTPServer]:
    Recorder.received = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_printed_line_logs_in_and_sends_without_an_edit(
    recorder: ThreadingHTTPServer,
) -> None:
    line = start.first_notification(
        f"http://127.0.0.1:{recorder.server_port}", user_id=7
    )

    subprocess.run(["sh", "-c", line], capture_output=True, timeout=20, check=True)

    assert Recorder.received == [
        ("/api/auth/token/", None, {"username": "admin", "password": "admin123"}),
        (
            "/api/notifications/send/",
            "Token abc123",
            {"user_id": 7, "payload": {"text": "Hello, John!"}},
        ),
    ]


@pytest.mark.django_db
def test_the_demo_s_greeting_names_the_address_the_logins_and_john(
    settings: Settings,
) -> None:
    settings.DEMO = True
    john = get_user_model().objects.create_user("john_eng")

    said = start.welcome(ADDRESS)

    assert "http://127.0.0.1:8000/" in said
    assert "admin / admin123" in said
    assert f'"user_id":{john.pk},' in said


def test_without_the_demo_no_password_is_named(settings: Settings) -> None:
    settings.DEMO = False

    said = start.welcome(ADDRESS)

    assert "http://127.0.0.1:8000/admin/" in said
    assert "123" not in said


@pytest.mark.django_db
def test_a_missing_administrator_is_one_sentence_where_nobody_can_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DJANGO_SUPERUSER_PASSWORD", raising=False)
    monkeypatch.setattr(sys, "stdin", StringIO())

    with pytest.raises(Failure, match=r"^There is no administrator yet"):
        start.ensure_administrator()


@pytest.mark.django_db
def test_an_administrator_is_made_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "ann")
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "ann@example.org")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct horse battery")

    start.ensure_administrator()
    start.ensure_administrator()

    administrators = get_user_model().objects.filter(is_superuser=True)
    assert [user.get_username() for user in administrators] == ["ann"]
