"""The administration and the API's documentation, with the scripts that they bring."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import OpenBrowser, Visitor
from tests.conformance.door import Deployment

# ReDoc asks for it whatever one configures; the policy keeps the request in.
REDOC_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"


@pytest.fixture
def administrator(visitor: Visitor) -> Visitor:
    """Be an administrator."""
    visitor.bring_session(visitor.site.administrator)
    return visitor


def test_the_documentation_lists_the_operations_and_unfolds_one(
    visitor: Visitor,
) -> None:
    visitor.open("/docs/")

    send = visitor.page.locator(".opblock", has_text="/api/notifications/send/").first
    expect(send).to_be_visible()
    assert visitor.page.locator(".opblock").count() > 20
    send.locator(".opblock-summary-control").click()
    expect(send.get_by_text("Responses", exact=True)).to_be_visible()


def test_the_other_documentation_renders(visitor: Visitor) -> None:
    visitor.witness.excuse(REDOC_LOGO)
    visitor.open("/redoc/")

    heading = visitor.page.get_by_role("heading", name="Carillon").first
    # It reads and draws the whole description at once.
    expect(heading).to_be_visible(timeout=60_000)
    expect(visitor.page.get_by_text("/api/notifications/send/").first).to_be_attached()


def test_an_administrator_signs_in_and_finds_a_user_in_the_list(
    visitor: Visitor,
) -> None:
    page = visitor.page
    visitor.open("/admin/accounts/user/")
    page.get_by_label("Username").fill(visitor.site.administrator.username)
    page.get_by_label("Password").fill(visitor.site.administrator.password)
    page.get_by_role("button", name="Log in").click()
    other = page.get_by_role("link", name="guest-0", exact=True)
    expect(other).to_be_visible()

    search = page.locator("#searchbar")
    search.fill("john_eng")
    search.press("Enter")

    expect(page.get_by_role("link", name="john_eng")).to_be_visible()
    expect(other).to_have_count(0)


def test_the_secret_of_a_new_service_key_is_shown_once(
    administrator: Visitor,
) -> None:
    page = administrator.page
    administrator.open("/admin/accounts/servicekey/add/")
    page.get_by_label("Name").fill("Billing")
    page.get_by_label(re.compile("notify:send")).check()
    page.get_by_role("button", name="Save", exact=True).click()

    secret = page.locator("#service-token").inner_text()
    service_id = page.locator("#service-id").inner_text()

    key = administrator.site.anonymous.signed(
        X_Service_Id=service_id,
        X_Service_Token=secret,
    )
    assert key.post("/api/notifications/send/", {"user_id": 1, "title": "It works"})
    page.get_by_role("link", name="To the service keys").click()
    page.get_by_role("link", name="Billing").click()
    expect(page.get_by_text(service_id).first).to_be_visible()
    assert secret not in page.content()


def test_what_an_administrator_sends_reaches_the_open_page(
    administrator: Visitor,
    open_browser: OpenBrowser,
    site: Deployment,
) -> None:
    login = site.guests.pop()
    recipient = open_browser(site)
    recipient.sign_in(login)
    page = administrator.page
    administrator.open("/admin/notifications/notification/")
    page.get_by_role("link", name="Send a notification").first.click()

    page.locator(".select2-selection").first.click()
    page.locator(".select2-search__field").fill(login.username)
    page.locator(".select2-results__option", has_text=login.username).first.click()
    page.get_by_label("Title").fill("From the administration")
    page.get_by_role("button", name="Send", exact=True).click()

    headline = recipient.headlines().get_by_text("From the administration")
    expect(headline).to_be_visible()
    expect(page.get_by_text("The notification is sent.")).to_be_visible()
    assert urlsplit(page.url).path == "/admin/notifications/notification/"
