"""The developer drawer: what it shows, and that the lines it offers work."""

import subprocess
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

SECONDS = 20


def test_frames_are_filtered_paused_and_cleared(member: Visitor) -> None:
    frames = member.open_drawer()
    drawer = member.page.locator("carillon-developer-drawer")
    member.send(title="Framed")
    expect(frames.filter(has_text='"title": "Framed"')).to_have_count(1)

    drawer.get_by_label("Filter the frames").fill("server_notification")
    expect(frames).to_have_count(1)
    drawer.get_by_label("Filter the frames").fill("")
    drawer.get_by_label("Direction").select_option("out")
    expect(drawer.locator("li[data-direction=in]")).to_have_count(0)
    drawer.get_by_label("Direction").select_option("")
    drawer.get_by_role("button", name="Pause").click()
    member.send(title="While paused")
    expect(member.headlines().first).to_have_text("While paused")
    expect(frames.filter(has_text="While paused")).to_have_count(0)
    drawer.get_by_role("button", name="Continue").click()
    expect(frames.filter(has_text="While paused")).to_have_count(1)

    drawer.get_by_role("button", name="Clear").click()
    expect(frames).to_have_count(0)
    drawer.get_by_role("button", name="Ping now").click()
    expect(frames.filter(has_text='"pong"')).to_have_count(1)
    expect(drawer.get_by_text(" lately")).to_be_visible()


def test_the_curl_line_sends_to_the_very_user(member: Visitor, tmp_path: Path) -> None:
    site = member.site
    (tmp_path / "service.key").write_text(
        f"X-Service-Id: {site.service_id}\nX-Service-Token: {site.service_token}\n",
        encoding="utf-8",
    )
    member.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    member.open_drawer()
    drawer = member.page.locator("carillon-developer-drawer")
    drawer.get_by_text("curl", exact=True).click()
    drawer.get_by_role("button", name="Copy: curl").click()
    expect(drawer.get_by_text("Copied")).to_be_attached()
    line = member.page.evaluate("navigator.clipboard.readText()")

    sent = subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=tmp_path,
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )

    assert b'"seq"' in sent.stdout
    expect(member.headlines()).to_have_text(["Hello"])
