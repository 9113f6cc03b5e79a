"""What the live page answers, without a browser."""

import json
import os
import re
import time
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django.fixtures import Settings

from apps.realtime.page import built_assets

pytestmark = pytest.mark.django_db

ADDRESSES = pytest.mark.parametrize("address", ["/", "/api/notifications/"])


def write_manifest(folder: Path, *, script: str, age_seconds: int = 0) -> None:
    """Leave what `vite build` leaves."""
    manifest = folder / ".vite" / "manifest.json"
    manifest.parent.mkdir(parents=True, exist_ok=True)
    entry = {"file": script, "css": ["assets/main-1a2b.css"], "isEntry": True}
    manifest.write_text(json.dumps({"src/main.ts": entry}), encoding="utf-8")
    built_at = time.time() - age_seconds
    os.utime(manifest, (built_at, built_at))


@pytest.fixture
def built(tmp_path: Path, settings: Settings) -> Path:
    settings.FRONTEND_DIST = tmp_path
    write_manifest(tmp_path, script="assets/main-3c4d.js")
    return tmp_path


@pytest.fixture
def not_built(tmp_path: Path, settings: Settings) -> None:
    settings.FRONTEND_DIST = tmp_path


@ADDRESSES
@pytest.mark.usefixtures("built")
def test_d02_the_page_loads_the_built_frontend(client: Client, address: str) -> None:
    response = client.get(address)

    page = response.content.decode()
    assert response.status_code == 200
    assert 'src="/static/assets/main-3c4d.js"' in page
    assert 'href="/static/assets/main-1a2b.css"' in page
    assert "<carillon-live-page" in page


@pytest.mark.usefixtures("built")
def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(
    client: Client,
) -> None:
    policy = client.get("/")["Content-Security-Policy"]

    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["script-src"] == "'self'"
    assert directives["style-src"] == "'self'"
    assert directives["connect-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.usefixtures("built")
def test_the_page_has_no_inline_script_or_style(client: Client) -> None:
    page = client.get("/").content.decode()

    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []


@pytest.mark.usefixtures("built")
def test_the_page_sets_the_cookie_that_the_login_needs(client: Client) -> None:
    response = client.get("/")

    assert response.cookies["csrftoken"].value
    assert response["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("built")
def test_the_page_says_whether_the_session_is_signed_in(client: Client) -> None:
    before = client.get("/").content.decode()
    client.force_login(get_user_model().objects.create_user("ann"))
    after = client.get("/").content.decode()

    assert "<carillon-live-page ></carillon-live-page>" in before
    assert "<carillon-live-page signed-in></carillon-live-page>" in after


@pytest.mark.usefixtures("built")
def test_the_page_can_only_be_read(client: Client) -> None:
    assert client.head("/").status_code == 200
    assert client.post("/").status_code == 405


@pytest.mark.usefixtures("not_built")
def test_a_frontend_that_is_not_built_is_one_sentence(client: Client) -> None:
    response = client.get("/")

    assert response.status_code == 503
    assert response["Content-Type"].startswith("text/plain")
    assert "make frontend" in response.content.decode()
    assert len(response.content.decode().splitlines()) == 1


def test_a_new_build_shows_at_once(built: Path) -> None:
    # Files of one moment of a file system's clock could not be told apart.
    write_manifest(built, script="assets/main-3c4d.js", age_seconds=1)
    before = built_assets()

    write_manifest(built, script="assets/main-5e6f.js")
    after = built_assets()

    assert before is not None
    assert after is not None
    assert before.script == "assets/main-3c4d.js"
    assert after.script == "assets/main-5e6f.js"
