"""Themes, languages, sizes: by the system and by hand, and as axe sees them."""

from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.test_accessibility import assert_accessible, fill_inbox
from tests.browser.visitor import OpenBrowser, Visitor
from tests.conformance.door import Deployment

BACKGROUND = "getComputedStyle(document.documentElement).backgroundColor"
LIGHT, DARK = "rgb(245, 246, 249)", "rgb(15, 17, 24)"
# A window of 640 pixels at 200 % has 320 of its own.
ZOOMED = {"width": 320, "height": 480}


def test_the_theme_follows_the_system_until_it_is_chosen_by_hand(
    member: Visitor,
) -> None:
    page = member.page
    tab = member.another_tab()
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(BACKGROUND) == DARK
    page.emulate_media(color_scheme="light")
    assert page.evaluate(BACKGROUND) == LIGHT

    member.choose("Dark")

    for each in (page, tab.page):
        expect(each.locator(":root")).to_have_attribute("data-theme", "dark")
    page.reload()
    member.expect_live()
    assert page.evaluate(BACKGROUND) == DARK


def test_russian_comes_from_the_browser_and_from_the_hand(
    open_browser: OpenBrowser,
    site: Deployment,
) -> None:
    visitor = open_browser(site, locale="ru-RU")
    login = site.guests.pop()
    visitor.open()
    page = visitor.page
    page.get_by_label("Имя пользователя").fill(login.username)
    page.get_by_label("Пароль").fill(login.password)
    page.get_by_role("button", name="Войти").click()
    visitor.expect_live()
    for severity in ("critical", "info", "info"):
        visitor.send({"a": 1, "b": 2}, title="Готово", severity=severity)

    expect(page.locator(":root")).to_have_attribute("lang", "ru")
    expect(page.get_by_text("3 непрочитанных", exact=True)).to_be_visible()
    expect(page.get_by_text("Данные, 2 записи").first).to_be_visible()
    inbox = page.locator("carillon-inbox-list")
    expect(inbox.get_by_text("только что").first).to_be_visible()
    expect(page.get_by_role("heading", name="Сегодня")).to_be_visible()

    page.locator("carillon-page-header .opener").click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_text("3 unread", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("3 unread", exact=True)).to_be_visible()


def test_the_language_of_the_account_counts_in_a_new_browser(
    open_browser: OpenBrowser,
    site: Deployment,
) -> None:
    login = site.guests.pop()
    here = open_browser(site)
    here.sign_in(login)
    profile = here.open_profile()
    profile.get_by_role("combobox", name="Language").select_option("ru")
    profile.get_by_role("button", name="Save").click()
    expect(here.page.get_by_text("Профиль и настройки")).to_be_visible()

    elsewhere = open_browser(site)
    elsewhere.sign_in(login)

    expect(elsewhere.page.get_by_role("heading", name="Входящие")).to_be_visible()


@pytest.mark.parametrize(("scheme", "locale"), [("light", "ru-RU"), ("dark", "en-GB")])
def test_axe_finds_nothing_on_any_part_of_the_page(
    open_browser: OpenBrowser,
    site: Deployment,
    scheme: Literal["light", "dark"],
    locale: str,
) -> None:
    visitor = open_browser(
        site, color_scheme=scheme, locale=locale, reduced_motion="reduce"
    )
    page = visitor.page
    visitor.open()
    page.locator("#username").wait_for()
    assert_accessible(visitor)
    visitor.sign_in(site.guests.pop())
    for severity in ("info", "warning"):
        key = visitor.send(title=severity, body="More", severity=severity)
    visitor.send({"a": {"b": [1]}}, title="One", severity="critical", url="/x")
    expect(visitor.toasts).to_have_count(3)
    visitor.item(key).get_by_role("button").first.click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    visitor.send(title="Two", severity="warning")
    expect(page.locator(".pill")).to_be_visible()
    page.locator("carillon-page-header .opener").click()
    assert_accessible(visitor)

    page.locator("carillon-page-header .menu button").first.click()
    expect(page.locator("carillon-developer-drawer")).to_be_visible()
    assert_accessible(visitor)
    page.goto(f"{visitor.site.url}/#profile")
    expect(page.locator("carillon-session-list li").first).to_be_visible()
    assert_accessible(visitor)
    page.goto(f"{visitor.site.url}/#")
    # Keys mean something once the inbox is there again.
    expect(visitor.items.first).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(visitor)


def test_nothing_is_cut_off_on_a_small_phone_or_at_200_percent(
    open_browser: OpenBrowser,
    site: Deployment,
) -> None:
    visitor = open_browser(site, viewport=ZOOMED, reduced_motion="reduce")
    visitor.sign_in(site.guests.pop())
    fill_inbox(visitor)
    assert visitor.overflow() <= 0
    visitor.open_profile()
    assert visitor.overflow() <= 0
    visitor.open_drawer()

    assert visitor.overflow() <= 0
    expect(visitor.page.get_by_role("button", name="Ping now")).to_be_visible()
