"""Several tabs of one browser, and who of them calls."""

import re

from playwright.sync_api import expect

from tests.browser.visitor import OpenBrowser, Visitor
from tests.conformance.door import Deployment

# Long before a tab would ask the server.
SOON_MS = 6_000
# Notes what would have been shown, and lets a test say where the focus is.
RECORDER = """
globalThis.shown = [];
globalThis.isFocused = false;
document.hasFocus = () => globalThis.isFocused;
globalThis.Notification = class {
  static permission = "granted";
  static requestPermission = async () => "granted";
  constructor(title, options) { globalThis.shown.push({ title, ...options }); }
  close() {}
};
if (location.protocol === "http:") {
  localStorage.setItem("carillon.preferences", JSON.stringify({ desktop: true }));
}
"""
ROUND_TRIP = "new Promise((done) => setTimeout(done, 600))"


def shown(*visitors: Visitor) -> list[str]:
    return [
        notification["title"]
        for visitor in visitors
        for notification in visitor.page.evaluate("shown")
    ]


def test_a_tab_without_a_connection_hears_from_the_others(member: Visitor) -> None:
    cut_off = Visitor(member.page.context.new_page(), member.site, member.witness)
    cut_off.page.route_web_socket("**/ws/**", lambda socket: socket.close())
    cut_off.open()
    expect(cut_off.page.get_by_text("Nothing here yet")).to_be_visible()

    key = member.send(title="For both")
    expect(member.item(key)).to_be_visible()
    expect(cut_off.item(key)).to_be_visible(timeout=SOON_MS)
    expect(cut_off.page).to_have_title("(1) Carillon")
    member.press("Mark read", on=key)
    expect(cut_off.page).to_have_title("Carillon", timeout=SOON_MS)


def test_signing_out_and_in_takes_the_other_tabs_along(
    visitor: Visitor,
    site: Deployment,
) -> None:
    login = site.guests.pop()
    visitor.sign_in(login)
    tab = visitor.another_tab()
    tab.expect_live()

    visitor.choose("Sign out")
    expect(tab.page.get_by_label("Username")).to_be_visible(timeout=SOON_MS)

    tab.fill_login(login)
    tab.expect_live()
    visitor.expect_live()


def test_only_one_tab_calls_and_none_while_one_of_them_has_the_focus(
    open_browser: OpenBrowser,
    site: Deployment,
) -> None:
    visitor = open_browser(site)
    visitor.page.context.add_init_script(RECORDER)
    visitor.sign_in(site.guests.pop())
    tab = visitor.another_tab()
    tab.expect_live()

    tab.page.evaluate("isFocused = true")
    key = visitor.send(title="Seen anyway")
    expect(tab.item(key)).to_be_visible()
    visitor.page.evaluate(ROUND_TRIP)
    assert shown(visitor, tab) == []

    tab.page.evaluate("isFocused = false")
    visitor.send(title="Nobody looks", severity="critical")
    visitor.wait_until(lambda: bool(shown(visitor, tab)))
    visitor.page.evaluate(ROUND_TRIP)
    assert shown(visitor, tab) == ["Critical: Nobody looks"]

    visitor.page.close()
    tab.send(title="The next tab takes over")
    tab.wait_until(lambda: len(shown(tab)) > 0)
    assert shown(tab) == ["Info: The next tab takes over"]


def test_the_icon_of_the_tab_counts_too(member: Visitor) -> None:
    member.send(title="Count me")

    icon = member.page.locator('link[rel="icon"]')
    expect(icon).to_have_attribute("href", re.compile("%3E1%3C"))
