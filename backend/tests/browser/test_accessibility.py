"""The page by keyboard, and as a screen reader finds it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.visitor import Visitor
from tests.conformance.door import Deployment

SEVERITIES = ("info", "warning", "critical")
# The button that has the focus, in whatever shadow root it is.
FOCUSED = """
() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element?.getAttribute("aria-label") ?? element?.textContent.trim() ?? "";
}
"""


def assert_accessible(visitor: Visitor) -> None:
    violations = Axe().run(visitor.page).response["violations"]

    found = [
        (violation["id"], node["html"], node["failureSummary"])
        for violation in violations
        for node in violation["nodes"]
    ]
    assert found == []


def fill_inbox(visitor: Visitor) -> None:
    for severity in SEVERITIES:
        payload = {"order": 7, "of": severity}
        visitor.send(payload, title=severity, body="More of it", severity=severity)
    read = visitor.send({"text": "Already read"}, url="/orders/7")
    visitor.press("Mark read", on=read)
    expect(visitor.page).to_have_title("(3) Carillon")


def tab_to(visitor: Visitor, text: str) -> None:
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate(FOCUSED) == text:
            return
    pytest.fail(f"no number of tabs leads to {text!r}")


def test_the_inbox_works_with_the_keyboard_alone(
    visitor: Visitor,
    site: Deployment,
) -> None:
    login = site.guests.pop()
    visitor.open()
    expect(visitor.page.get_by_label("Username")).to_be_focused()
    visitor.page.keyboard.type(login.username)
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.type(login.password)
    visitor.page.keyboard.press("Enter")
    visitor.expect_live()
    kept, gone = visitor.send(title="Kept"), visitor.send(title="Gone")
    expect(visitor.item(gone)).to_be_visible()

    tab_to(visitor, "Mark read")
    visitor.page.keyboard.press("Enter")
    toggled = visitor.item(gone).get_by_role("button", name="Mark unread")
    expect(toggled).to_be_focused()
    tab_to(visitor, "Archive")
    visitor.page.keyboard.press("Enter")
    expect(visitor.item(gone)).to_have_count(0)

    expect(visitor.item(kept).get_by_role("article")).to_be_focused()


def test_the_focus_stays_in_the_inbox_when_its_button_is_gone(member: Visitor) -> None:
    key = member.send(title="Only one")
    expect(member.item(key)).to_be_visible()
    heading = member.page.get_by_role("heading", name=re.compile("Inbox"))

    member.press("Mark all read")
    expect(heading).to_be_focused()
    member.press("Archive", on=key)
    expect(member.item(key)).to_have_count(0)

    expect(heading).to_be_focused()


def test_critical_ones_are_announced_at_once_and_others_in_their_turn(
    member: Visitor,
) -> None:
    member.send(title="Disk almost full", severity="critical")

    urgent = member.page.get_by_role("alert").filter(has_text="New notification")
    expect(urgent).to_have_text("New notification, Critical: Disk almost full")

    member.send(title="Backup finished")

    polite = member.page.get_by_role("status").filter(has_text="New notification")
    expect(polite).to_have_text("New notification, Info: Backup finished")
