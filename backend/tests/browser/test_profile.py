"""The profile: contacts, password, sessions, and the way out of all of them."""

from playwright.sync_api import expect

from tests.browser.visitor import OpenBrowser, Visitor
from tests.conformance.door import Deployment, Login

NEW_PASSWORD = "a-Quite-new-one-41"


def test_contacts_and_time_zone_are_changed_and_refusals_stand_at_their_field(
    member: Visitor,
) -> None:
    profile = member.open_profile()
    profile.get_by_label("Phone").fill("12")
    profile.get_by_label("Time zone").fill("Mars/Olympus")
    profile.get_by_role("button", name="Save").click()
    expect(profile.get_by_text("Write the number as 7XXXXXXXXXX.")).to_be_visible()
    expect(profile.get_by_text("There is no time zone of this name.")).to_be_visible()
    expect(profile.get_by_label("Phone")).to_be_focused()

    profile.get_by_label("Phone").fill("79161234567")
    profile.get_by_label("Time zone").fill("Europe/Moscow")
    email = profile.get_by_role("textbox", name="E-mail")
    email.fill("ann@example.com")
    profile.get_by_role("button", name="Save").click()

    expect(profile.get_by_text("Saved.")).to_be_visible()
    member.page.reload()
    expect(profile.get_by_label("Phone")).to_have_value("79161234567")
    expect(profile.get_by_label("Time zone")).to_have_value("Europe/Moscow")
    expect(email).to_have_value("ann@example.com")


def test_another_password_signs_out_every_other_browser_and_keeps_this_one(
    open_browser: OpenBrowser,
    site: Deployment,
) -> None:
    login = site.guests.pop()
    here, elsewhere = open_browser(site), open_browser(site)
    here.sign_in(login)
    elsewhere.sign_in_by_form(login)
    profile = here.open_profile()
    present = profile.get_by_label("Present password")
    new = profile.get_by_label("New password", exact=True)
    again = profile.get_by_label("New password again")
    change = profile.get_by_role("button", name="Change the password")

    present.fill("wrong")
    new.fill(NEW_PASSWORD)
    again.fill("another")
    change.click()
    expect(profile.get_by_text("The two new passwords differ.")).to_be_visible()
    again.fill(NEW_PASSWORD)
    change.click()
    expect(profile.get_by_text("This is not the present password.")).to_be_visible()
    present.fill(login.password)
    change.click()

    expect(profile.get_by_text("The password is changed.")).to_be_visible()
    expect(elsewhere.page.get_by_text("Your session has ended.")).to_be_visible()
    here.page.reload()
    here.expect_live()
    elsewhere.fill_login(Login(login.username, NEW_PASSWORD))
    elsewhere.expect_live()


def test_sessions_are_listed_and_one_of_them_or_all_are_ended(
    open_browser: OpenBrowser,
    site: Deployment,
) -> None:
    login = site.guests.pop()
    here, elsewhere = open_browser(site), open_browser(site)
    here.sign_in(login)
    elsewhere.sign_in_by_form(login)
    sessions = here.open_profile().locator("carillon-session-list")
    expect(sessions.locator("li")).to_have_count(2)
    expect(sessions.get_by_text("This browser")).to_have_count(1)

    sessions.get_by_role("button", name="Sign out this session").click()
    expect(sessions.locator("li")).to_have_count(1)
    expect(elsewhere.page.get_by_text("Your session has ended.")).to_be_visible()

    elsewhere.fill_login(login)
    elsewhere.expect_live()
    sessions.get_by_role("button", name="Sign out everywhere").click()
    sessions.get_by_role("button", name="Sign out everywhere now").click()
    expect(here.page.get_by_text("You have signed out everywhere.")).to_be_visible()
    expect(elsewhere.page.get_by_text("Your session has ended.")).to_be_visible()
    here.page.reload()
    expect(here.page.get_by_label("Username")).to_be_visible()
