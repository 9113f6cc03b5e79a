"""Alerts in three windows: an administrator writes, two people see each change."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_accessibility import assert_accessible
from tests.browser.visitor import OpenBrowser, Visitor
from tests.conformance.door import Deployment
from tests.processes import manage

ALERTS = "/api/admin/alerts/"
# A sweep every 2 s, then a hint; a machine with other work is slow, not wrong.
SWEEP_MS = 30_000
INTERVAL = 900


def moment(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def publish(people: list[Visitor], title: str, **fields: object) -> int:
    """Write an alert for these people alone; the server is shared."""
    body: dict[str, object] = {
        "title": title,
        "message": "More of it.",
        "severity": "warning",
        "visibility_type": "user",
        "target_users": [person.user_id for person in people],
        "start_time": moment(-1),
        "expiry_time": moment(3_600),
        **fields,
    }
    made: dict[str, Any] = people[0].site.service.post(ALERTS, body)
    return int(made["id"])


def written_long_ago(site: Deployment, alert: int) -> None:
    """Move an alert back, so that its first slot for reminders has come."""
    earlier = f"now() - timedelta(seconds={INTERVAL})"
    code = f"""
from datetime import timedelta
from apps.alerts.models import Alert
from apps.common.clock import now
Alert.objects.filter(pk={alert}).update(created_at={earlier}, start_time={earlier})
"""
    manage(site.environment, "shell", "-c", code)


def change(site: Deployment, alert: int, **fields: object) -> None:
    site.service.put(f"{ALERTS}{alert}/", fields)


def unfold(visitor: Visitor) -> None:
    """Show also those that are folded away, if there are any."""
    more = visitor.page.locator("carillon-alert-list .more[aria-expanded=false]")
    if more.count():
        more.click()


def card(visitor: Visitor, title: str) -> Locator:
    return visitor.page.locator("carillon-alert-card", has_text=title)


def snooze(visitor: Visitor, title: str, choice: str) -> None:
    card(visitor, title).get_by_role("button", name=f"Snooze: {title}").click()
    card(visitor, title).get_by_role("button", name=choice).click()


def tile(visitor: Visitor, name: str) -> Locator:
    """Find a figure of the dashboard."""
    panel = visitor.page.locator("carillon-overview-panel")
    return panel.locator(".tile", has_text=name).locator(".figure")


@pytest.fixture
def people(open_browser: OpenBrowser, site: Deployment) -> tuple[Visitor, Visitor]:
    """Sign two people in, in windows of their own, with room for everything."""
    size = {"width": 1_200, "height": 950}
    one, other = (open_browser(site, viewport=size) for _ in range(2))
    for visitor in (one, other):
        visitor.sign_in(site.guests.pop())
        unfold(visitor)
    return one, other


@pytest.fixture
def office(open_browser: OpenBrowser, site: Deployment) -> Page:
    """Be an administrator, in a window of their own."""
    visitor = open_browser(site, viewport={"width": 1_200, "height": 950})
    visitor.bring_session(site.administrator)
    return visitor.page


def choose_person(office: Page, username: str) -> None:
    row = office.locator(".field-target_users")
    row.locator(".select2-selection").click()
    office.locator(".select2-search__field").last.fill(username)
    office.locator(".select2-results__option", has_text=username).first.click()


def figure(office: Page, name: str) -> Locator:
    return office.locator(f'#alert-numbers [data-figure="{name}"]')


def save(office: Page) -> None:
    office.get_by_role("button", name="Save and continue editing").click()


def write_for(office: Page, site: Deployment, username: str) -> None:
    """Write a critical alert for one person, as an administrator does."""
    office.goto(f"{site.url}/admin/alerts/alert/add/")
    expect(office.locator("#alert-audience")).to_have_text(re.compile(r"^\d+ people$"))
    expect(office.locator(".field-target_users")).to_be_hidden()
    office.get_by_label("Title").fill("From the office")
    office.locator("#id_message").fill("Please read.")
    office.locator("#id_severity").select_option("critical")
    office.locator("#id_visibility_type").select_option("user")
    choose_person(office, username)
    expect(office.locator("#alert-audience")).to_have_text("1 person")
    end = datetime.now(UTC) + timedelta(days=2)
    office.locator("#id_expiry_time_0").fill(f"{end:%Y-%m-%d}")
    office.locator("#id_expiry_time_1").fill(f"{end:%H:%M:%S}")
    save(office)


def fits_every_look(visitor: Visitor, folder: Path) -> None:
    """Take a picture in both themes and on a phone; nothing may be cut off."""
    page = visitor.page
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width, height in ((390, 844), (1_200, 950)):
            page.set_viewport_size({"width": width, "height": height})
            picture = folder / f"{visitor.username}-{theme}-{width}.png"
            page.screenshot(path=picture)
            assert visitor.overflow() <= 0, picture
            expect(page.get_by_role("heading", name="Inbox")).to_be_in_viewport()


def test_a33_what_an_administrator_writes_changes_on_the_pages_of_two_people(
    people: tuple[Visitor, Visitor],
    office: Page,
    site: Deployment,
    tmp_path: Path,
) -> None:
    one, other = people
    names = [person.username for person in people]

    write_for(office, site, names[0])
    expect(card(one, "From the office")).to_contain_text("Critical")
    expect(card(one, "From the office")).to_contain_text("1 day 23 hr left")
    heard = one.page.get_by_role("alert").filter(has_text="New alert")
    expect(heard).to_have_text("New alert, Critical: From the office")
    expect(card(other, "From the office")).to_have_count(0)

    expect(figure(office, "told")).to_have_text("1", timeout=SWEEP_MS)
    expect(figure(office, "delivered")).to_have_text("1", timeout=SWEEP_MS)
    office.get_by_label("Title").fill("From the office, again")
    choose_person(office, names[1])
    expect(office.locator("#alert-audience")).to_have_text("2 people")
    save(office)
    for person in people:
        expect(card(person, "From the office, again")).to_be_visible()
    first = one.page.locator("carillon-alert-card h3").first
    expect(first).to_have_text("From the office, again")

    card(one, "again").get_by_role("button", name="Mark read").click()
    expect(one.page.locator("carillon-alert-list .more")).to_contain_text("1 read")
    unfold(one)
    expect(card(one, "again").locator("article.read")).to_be_visible()
    expect(figure(office, "recipients")).to_have_text("2", timeout=SWEEP_MS)
    expect(figure(office, "read")).to_have_text("1", timeout=SWEEP_MS)
    expect(card(other, "again").locator("article.unread")).to_be_visible()
    for person in people:
        fits_every_look(person, tmp_path)

    chosen = office.locator(".field-target_users .select2-selection__choice")
    chosen.filter(has_text=names[0]).locator(
        ".select2-selection__choice__remove"
    ).click()
    save(office)
    expect(card(one, "again")).to_have_count(0)
    expect(card(other, "again")).to_have_count(1)
    office.get_by_label("Active").uncheck(force=True)
    save(office)
    expect(card(other, "again")).to_have_count(0)


def test_a21_reading_and_snoozing_show_on_the_other_tabs(
    people: tuple[Visitor, Visitor],
) -> None:
    one, other = people
    tab = one.another_tab()
    tab.page.set_viewport_size({"width": 1_200, "height": 950})
    tab.expect_live()
    publish([one, other], "Both of you")
    for visitor in (one, other, tab):
        expect(card(visitor, "Both of you").locator("article.unread")).to_be_visible()
    unread = int(tile(one, "Alerts").inner_text())

    card(one, "Both of you").get_by_role("button", name="Mark read").click()
    for visitor in (one, tab):
        expect(tile(visitor, "Alerts")).to_have_text(str(unread - 1))
    one.press("Undo")
    for visitor in (one, tab):
        expect(tile(visitor, "Alerts")).to_have_text(str(unread))
    snooze(one, "Both of you", "1 hour")
    for visitor in (one, tab):
        expect(tile(visitor, "Snoozed")).to_have_text("1")
        expect(visitor.page.locator("carillon-alert-list .more")).to_be_visible()
        unfold(visitor)
        expect(card(visitor, "Both of you")).to_contain_text("Snoozed until")
    card(tab, "Both of you").get_by_role("button", name="End snooze").click()
    for visitor in (one, tab):
        expect(card(visitor, "Both of you").locator("article.unread")).to_be_visible()
        expect(tile(visitor, "Snoozed")).to_have_text("0")

    snooze(one, "Both of you", "End of day")
    expect(card(tab, "Both of you")).to_contain_text("tomorrow, 12:00 AM")
    expect(card(other, "Both of you").locator("article.unread")).to_be_visible()


def test_a33_reminder_start_expiry_and_withdrawal_happen_by_themselves(
    people: tuple[Visitor, Visitor],
) -> None:
    one, other = people
    answer = publish([one, other], "Answer this", reminder_interval=INTERVAL)
    short = publish([one], "Very short", start_time=moment(3))
    withdrawn = publish([one], "Withdrawn soon")
    expect(card(one, "Withdrawn soon")).to_be_visible()
    card(other, "Answer this").get_by_role("button", name="Mark read").click()

    written_long_ago(one.site, answer)
    change(one.site, withdrawn, is_active=False)
    expect(card(one, "Withdrawn soon")).to_have_count(0)
    expect(card(one, "Very short")).to_be_visible(timeout=SWEEP_MS)
    change(one.site, short, expiry_time=moment(3))
    expect(card(one, "Very short")).to_have_count(0, timeout=SWEEP_MS)
    expect(card(one, "Answer this")).to_contain_text("reminded 1 ×", timeout=SWEEP_MS)

    unfold(other)
    expect(card(other, "Answer this").locator("article.read")).to_be_visible()
    expect(card(other, "Answer this").locator(".reminded")).to_have_count(0)


def test_an_action_that_fails_is_taken_back_and_says_so(member: Visitor) -> None:
    publish([member], "Not now", severity="critical")
    member.page.route("**/read/", lambda route: route.abort())
    expect(card(member, "Not now")).to_be_visible()

    card(member, "Not now").get_by_role("button", name="Mark read").click()

    failed = member.toasts.filter(has_text="The alert could not be changed")
    expect(failed).to_contain_text("The server cannot be reached.")
    expect(card(member, "Not now").locator("article.unread")).to_be_visible()


def test_a_time_of_ones_own_is_a_time_of_ones_zone(
    open_browser: OpenBrowser, site: Deployment
) -> None:
    # The browser is somewhere else than the account.
    visitor = open_browser(site, timezone_id="America/New_York")
    visitor.sign_in(site.guests.pop())
    zone = {"timezone": "Asia/Kolkata"}
    cookies = {each["name"]: each["value"] for each in visitor.page.context.cookies()}
    answer = visitor.page.context.request.patch(
        f"{site.url}/api/user/me/",
        data=zone,
        headers={"X-CSRFToken": cookies["csrftoken"], "Referer": site.url},
    )
    assert answer.ok, answer.text()
    visitor.page.reload()
    visitor.expect_live()
    alert = publish([visitor], "Rest until then", severity="critical")
    found = card(visitor, "Rest until then")
    found.get_by_role("button", name="Snooze: Rest until then").click()
    expect(found.get_by_text("Times in Asia/Kolkata")).to_be_visible()
    field = found.get_by_label("Until a time of your own")
    field.fill("2001-01-01T10:00")
    found.get_by_role("button", name="Snooze", exact=True).click()
    expect(found.get_by_text("Choose a time that is still to come")).to_be_visible()

    day = (datetime.now(UTC) + timedelta(days=3)).date()
    field.fill(f"{day}T10:30")
    found.get_by_role("button", name="Snooze", exact=True).click()

    unfold(visitor)
    expect(card(visitor, "Rest until then")).to_contain_text("10:30 AM")
    mine = visitor.page.context.request.get(f"{site.url}/api/user/alerts/{alert}/")
    assert mine.json()["snoozed_until"] == f"{day}T05:00:00.000Z"


def test_alerts_work_with_the_keyboard_alone_and_keep_the_focus(
    member: Visitor,
) -> None:
    page = member.page
    publish([member], "First", severity="critical")
    publish([member], "Second", severity="critical", start_time=moment(-60))
    expect(page.locator("carillon-alert-list .more")).to_contain_text("Show 2 more")

    opener = card(member, "First").get_by_role("button", name="Snooze: First")
    opener.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    expect(card(member, "First").get_by_text("1 hour")).to_be_hidden()
    card(member, "First").get_by_role("button", name="Mark read").focus()
    page.keyboard.press("Enter")

    expect(card(member, "Second").get_by_role("article")).to_be_focused()


def test_many_alerts_leave_the_inbox_in_the_window(
    open_browser: OpenBrowser, site: Deployment
) -> None:
    for width, height in ((1_280, 720), (390, 844), (360, 640)):
        size = {"width": width, "height": height}
        visitor = open_browser(site, viewport=size, reduced_motion="reduce")
        visitor.sign_in(site.guests.pop())
        for place in range(8):
            publish([visitor], f"Alert {place}", message="Long. " * 90)
        expect(visitor.page.locator(".more")).to_contain_text("unread")

        heading = visitor.page.get_by_role("heading", name="Inbox")
        box = heading.bounding_box()

        assert box is not None
        assert box["y"] + box["height"] < height
        assert visitor.overflow() <= 0


@pytest.mark.parametrize(
    ("scheme", "locale", "width"),
    [("light", "ru-RU", 1_200), ("dark", "en-GB", 390)],
)
def test_axe_finds_nothing_on_alerts(
    open_browser: OpenBrowser,
    site: Deployment,
    scheme: Literal["light", "dark"],
    locale: str,
    width: int,
) -> None:
    visitor = open_browser(
        site,
        color_scheme=scheme,
        locale=locale,
        reduced_motion="reduce",
        viewport={"width": width, "height": 950},
    )
    page = visitor.page
    visitor.sign_in(site.guests.pop())
    snoozed = {}
    for place, severity in enumerate(("info", "warning", "critical", "critical")):
        alert = publish([visitor], f"{severity} {place}", severity=severity)
        snoozed[severity] = alert
    expect(card(visitor, "critical 3")).to_be_visible()
    card(visitor, "critical 3").get_by_role("button").first.click()
    page.locator("carillon-alert-list .more").click()
    page.locator("carillon-overview-panel summary").click()
    page.locator("carillon-snooze-menu .opener").first.click()

    assert_accessible(visitor)
    assert visitor.overflow() <= 0
