"""What reaches a person outside of the page: chosen in the profile."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.visitor import OpenBrowser, Visitor
from tests.conformance.door import Deployment


def row(choices: Locator, kind: str) -> Locator:
    return choices.get_by_role("group", name=re.compile(f"^{kind}"))


def test_kinds_channels_and_quiet_hours_are_chosen_and_critical_is_locked(
    member: Visitor,
) -> None:
    choices = member.open_profile().locator("carillon-delivery-choices")
    sms = row(choices, "Alerts").get_by_label("SMS")
    expect(sms).to_be_checked()
    for box in row(choices, "Critical").get_by_role("checkbox").all():
        expect(box).to_be_checked()
        expect(box).to_be_disabled()
    expect(choices.get_by_text("Cannot be switched off")).to_be_visible()

    sms.uncheck()
    expect(choices.get_by_text("Saved.")).to_be_visible()
    row(choices, "All kinds").get_by_label("Telegram").uncheck()
    expect(row(choices, "Messages").get_by_label("Telegram")).not_to_be_checked()
    start, end = choices.get_by_label("From"), choices.get_by_label("to", exact=True)
    expect(start).to_be_disabled()
    choices.get_by_label("Quiet hours").check()
    start.fill("23:30")
    start.blur()
    expect(choices.get_by_text("Saved.")).to_be_visible()

    member.page.reload()
    expect(row(choices, "Alerts").get_by_label("SMS")).not_to_be_checked()
    expect(row(choices, "Messages").get_by_label("SMS")).to_be_checked()
    expect(start).to_have_value("23:30")
    end.fill("23:30")
    end.blur()
    expect(choices.get_by_role("alert")).to_have_text(
        "Quiet hours cannot end when they begin."
    )
    expect(end).to_have_value("07:00")


def test_a_choice_that_cannot_be_stored_is_not_shown_as_if_it_were(
    open_browser: OpenBrowser,
    site: Deployment,
) -> None:
    visitor = open_browser(site)
    visitor.sign_in(site.guests.pop())
    choices = visitor.open_profile().locator("carillon-delivery-choices")
    email = row(choices, "Messages").get_by_label("E-mail")
    expect(email).to_be_checked()
    visitor.page.route("**/api/user/preferences/", lambda route: route.abort())

    email.click()

    expect(choices.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(email).to_be_checked()


def test_the_link_in_mails_leads_to_the_choices_after_signing_in(
    open_browser: OpenBrowser, site: Deployment
) -> None:
    visitor = open_browser(site)
    visitor.open("/#preferences")

    visitor.fill_login(site.logins.pop())

    choices = visitor.page.locator("carillon-delivery-choices")
    expect(row(choices, "Messages")).to_be_in_viewport()
