"""Coming and going: the form, the addresses of the page, the end of a session."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import OpenBrowser, Visitor
from tests.conformance.door import Deployment, Door, Login
from tests.supply import Running


@pytest.mark.parametrize("address", ["/", "/api/notifications/"])
def test_d02_someone_logs_in_with_the_form_and_the_page_is_live(
    visitor: Visitor,
    site: Deployment,
    address: str,
) -> None:
    login = site.guests.pop()
    visitor.open(address)

    visitor.fill_login(login)

    visitor.expect_live()
    expect(visitor.badge).to_contain_text("Live")
    account = visitor.page.get_by_role("button", name=f"Account of {login.username}")
    expect(account).to_be_visible()
    expect(visitor.page.get_by_text("Nothing here yet")).to_be_visible()


def test_a_wrong_password_is_said_and_the_form_stays(
    visitor: Visitor,
    site: Deployment,
) -> None:
    login = site.guests.pop()
    visitor.open()

    visitor.fill_login(Login(login.username, "wrong"))

    alert = visitor.page.get_by_role("alert").filter(has_text="Wrong")
    expect(alert).to_have_text("Wrong username or password.")
    expect(visitor.page.get_by_label("Password")).to_be_focused()


def test_a_session_outlives_a_reload(member: Visitor) -> None:
    member.page.reload()

    member.expect_live()


def test_signing_out_ends_at_the_form_and_stays_there(member: Visitor) -> None:
    member.choose("Sign out")
    expect(member.page.get_by_text("You have signed out.")).to_be_visible()

    member.page.reload()

    expect(member.page.get_by_label("Username")).to_be_visible()


def test_logging_out_everywhere_leads_to_the_form_within_six_seconds(
    visitor: Visitor,
    site: Deployment,
) -> None:
    login = site.guests.pop()
    visitor.sign_in(login)
    _token, elsewhere = Door(site).log_in(login)

    elsewhere.post("/api/auth/logout-all/")

    expect(visitor.page.get_by_label("Username")).to_be_visible(timeout=6_000)
    expect(visitor.page.get_by_text("Your session has ended.")).to_be_visible()


def test_d05_a_socket_outlives_its_session_without_anybody_noticing(
    open_browser: OpenBrowser,
    start_server: Callable[..., Running],
) -> None:
    site = start_server(WS_SESSION_SECONDS="6").deployment
    visitor = open_browser(site)
    visitor.sign_in(site.guests.pop())
    renewals = visitor.open_drawer()

    # Renewed at half time, so that the third comes after the end of the first session.
    expect(renewals.filter(has_text='"auth_ok"')).to_have_count(3, timeout=25_000)

    visitor.expect_live()
    assert visitor.connections == 1
