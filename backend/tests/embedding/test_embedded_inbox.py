"""`<carillon-inbox>` in real Chromium, on a page of another origin."""

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.conformance.door import Deployment
from tests.embedding.conftest import Host, OpenPage
from tests.supply import Running
from tooling.services.ports import free_port

RTL_OVERRIDE = "\u202e"
FOCUSED = """
() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return `${element?.localName} ${element?.className} ${element?.textContent}`;
}
"""


def test_a_notification_arrives_live_in_both_inboxes_over_one_socket(
    host: Host,
) -> None:
    expect(host.bell).to_have_attribute("aria-label", "Notifications")
    host.open_panel()

    host.person.send({"order": 7}, title="Your order is ready", severity="warning")

    expect(host.item("Your order is ready")).to_contain_text("Warning")
    expect(host.bell).to_have_attribute("aria-label", "Notifications, 1 unread")
    expect(host.second.locator(".bell")).to_have_attribute(
        "aria-label",
        "Уведомления, 1 непрочитанное",
    )
    heard = host.page.locator("#heard li")
    expect(heard.filter(has_text='notification {"type"')).to_have_count(2)
    expect(heard.filter(has_text='unread {"unread":1}')).to_have_count(2)
    expect(heard.filter(has_text="open {}")).to_have_count(1)
    assert len(host.sockets) == 1


def test_what_is_marked_on_the_page_is_marked_on_the_server(host: Host) -> None:
    for title in ("First", "Second", "Third"):
        host.person.send({}, title=title)
    host.open_panel()
    expect(host.panel.get_by_role("article")).to_have_count(3)

    host.item("Third").get_by_role("button", name="Mark read").click()
    expect(host.bell).to_have_attribute("aria-label", "Notifications, 2 unread")
    assert host.unread() == 2
    host.item("Third").get_by_role("button", name="Mark unread").click()
    expect(host.bell).to_have_attribute("aria-label", "Notifications, 3 unread")
    for _ in range(2):
        host.item("Second").get_by_role("button", name="Archive").click()
        expect(host.panel.get_by_role("article")).to_have_count(2)
        assert host.unread() == 2
        undo = host.panel.get_by_role("button", name="Undo: Second")
        undo.click()
        expect(host.item("Second")).to_be_focused()
        expect(undo).to_be_hidden()
        assert host.unread() == 3
    host.item("Second").get_by_role("button", name="Archive").click()
    expect(host.panel.get_by_role("article")).to_have_count(2)
    host.panel.get_by_role("button", name="Mark all read").click()
    expect(host.bell).to_have_attribute("aria-label", "Notifications")

    assert host.unread() == 0
    inbox = host.person.inbox.get("/api/user/notifications/")
    assert [row["title"] for row in inbox["results"]] == ["Third", "First"]


def test_what_is_marked_elsewhere_shows_at_once(host: Host) -> None:
    sent = host.person.send({}, title="Read elsewhere")
    expect(host.bell).to_have_attribute("aria-label", "Notifications, 1 unread")

    host.person.inbox.post(f"/api/user/notifications/{sent['key']}/read/")

    expect(host.bell).to_have_attribute("aria-label", "Notifications")


def test_older_ones_are_found_page_by_page(host: Host) -> None:
    host.person.send_many(45)
    host.page.reload()
    host.open_panel()
    articles = host.panel.get_by_role("article")
    expect(articles).to_have_count(20)

    for count in (40, 45):
        host.panel.get_by_role("button", name="Show older").click()
        expect(articles).to_have_count(count)

    expect(host.panel.get_by_role("button", name="Show older")).to_be_hidden()


def test_only_what_was_listed_is_acknowledged(
    open_page: OpenPage,
    carillon: Deployment,
) -> None:
    # Sent before the page is there: what it hears live it acknowledges too.
    host = open_page(carillon)
    host.person.send_many(30)
    host.open()
    host.open_panel()
    expect(host.panel.get_by_role("article")).to_have_count(20)
    host.person.send({}, title="One more")
    expect(host.item("One more")).to_be_visible()

    def acknowledged() -> int:
        rows = host.person.inbox.get("/api/user/notifications/?page_size=100")
        return sum(row["acked_at"] is not None for row in rows["results"])

    host.wait_until(lambda: acknowledged() >= 21)
    assert acknowledged() == 21


def test_the_page_reaches_nothing_of_the_server_but_the_inbox(host: Host) -> None:
    fetch = """async (url) => {
      try { return (await fetch(url)).status } catch { return "refused" }
    }"""

    for path in ("/api/user/me/", "/api/auth/ticket/", "/api/notifications/send/"):
        url = f"{host.site.deployment.url}{path}"
        assert host.page.evaluate(fetch, url) == "refused"


def test_a_site_that_is_not_allowed_shows_no_inbox(
    open_page: OpenPage,
    carillon: Deployment,
) -> None:
    host = open_page(carillon, port=free_port())
    host.person.send({}, title="Not for this site")
    host.page.clock.install()
    host.open()
    host.bell.click()
    status = host.first.locator(".status")
    expect(status).to_have_text("Reconnecting…")

    host.page.clock.fast_forward(20_000)

    expect(status).to_have_text("The server cannot be reached, checking every 15 s")
    expect(host.panel.get_by_role("article")).to_have_count(0)


def test_tokens_and_the_session_are_renewed_before_they_end(
    open_page: OpenPage,
    start_server: Callable[..., Running],
    host_port: int,
) -> None:
    origin = f"http://127.0.0.1:{host_port}"
    running = start_server(
        EXTRA_APPS="",
        WS_ALLOWED_ORIGINS=origin,
        CORS_ALLOWED_ORIGINS=origin,
        INBOX_TOKEN_SECONDS="10",
        WS_SESSION_SECONDS="8",
    )
    host = open_page(running.deployment)
    refused: list[str] = []
    host.page.on(
        "response",
        lambda answer: refused.append(answer.url) if answer.status == 401 else None,
    )
    host.open()
    host.open_panel()

    for number in range(3):
        host.person.send({}, title=f"Number {number}")
        item = host.item(f"Number {number}")
        item.get_by_role("button", name="Mark read").click()
        expect(item.get_by_role("button", name="Mark unread")).to_be_visible()
        # Longer than either lasts, by the third.
        host.page.wait_for_timeout(3_500)

    expect(host.first.locator(".status")).to_have_text("Live")
    assert len(host.sockets) == 1
    assert refused == []


def test_hostile_texts_are_texts(host: Host) -> None:
    markup = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    dialogs: list[str] = []
    host.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    host.person.send(
        {markup: [markup, {"__proto__": 1}]},
        title=markup,
        body=f"{RTL_OVERRIDE}gnp.exe {markup}",
    )
    host.person.send({"text": "w" * 10_000})
    host.open_panel()
    articles = host.panel.get_by_role("article")
    expect(articles).to_have_count(2)

    for summary in host.panel.locator("summary").all():
        summary.click()

    expect(articles.last.get_by_role("heading")).to_have_text(markup)
    assert host.panel.locator("img, script").count() == 0
    panel, page = host.panel.bounding_box(), host.page.viewport_size
    assert panel is not None
    assert page is not None
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= page["width"]
    widths = "element => element.scrollWidth - element.clientWidth"
    assert host.panel.evaluate(widths) == 0
    assert dialogs == []


def test_the_inbox_works_with_the_keyboard_alone(host: Host) -> None:
    for title in ("Oldest", "Middle", "Newest"):
        host.person.send({}, title=title)
    expect(host.bell).to_have_attribute("aria-label", "Notifications, 3 unread")
    press = host.page.keyboard.press

    press("Tab")
    press("Enter")
    expect(host.panel).to_be_focused()
    # The greeting tells the number before the notifications themselves arrive.
    expect(host.panel.get_by_role("article")).to_have_count(3)
    press("j")
    press("u")
    expect(host.bell).to_have_attribute("aria-label", "Notifications, 2 unread")
    press("ArrowDown")
    press("e")
    expect(host.item("Middle")).to_have_count(0)
    expect(host.item("Oldest")).to_be_focused()
    expect(host.panel.get_by_role("button", name="Undo: Middle")).to_be_visible()
    press("z")
    expect(host.item("Middle")).to_be_focused()
    press("e")
    expect(host.item("Oldest")).to_be_focused()
    press("Enter")
    expect(host.bell).to_have_attribute("aria-label", "Notifications")
    press("Escape")

    expect(host.panel).to_be_hidden()
    assert "bell" in host.page.evaluate(FOCUSED)


def test_a_press_elsewhere_closes_the_panel(host: Host) -> None:
    host.open_panel()

    host.page.get_by_role("heading", name="A shop").click()

    expect(host.panel).to_be_hidden()
    expect(host.bell).to_have_attribute("aria-expanded", "false")


def test_a_screen_reader_hears_it_once_and_what_is_critical_at_once(
    host: Host,
) -> None:
    expect(host.second.locator(".bell")).to_be_visible()
    host.open_panel()

    for severity, role in (("info", "status"), ("critical", "alert")):
        host.person.send({}, title="Disk full", severity=severity)
        heard = host.first.locator(f".heard[role={role}]")
        words = f"New notification, {severity.capitalize()}: Disk full"
        expect(heard).to_have_text(words)

    assert host.second.locator(".heard").all_text_contents() == ["", ""]


def test_following_a_link_marks_it_read_and_the_page_may_take_over(
    host: Host,
) -> None:
    host.person.send({}, title="Order 7", url="/orders/7")
    host.open_panel()
    host.page.evaluate(
        """document.addEventListener("activate", (event) => {
          event.preventDefault();
          document.title = event.detail.url;
        })""",
    )

    host.item("Order 7").get_by_role("link").click()

    expect(host.page).to_have_title("/orders/7")
    expect(host.bell).to_have_attribute("aria-label", "Notifications")
    assert host.page.url == f"{host.site.url}/"


def test_a_link_is_read_although_the_page_is_left(host: Host) -> None:
    host.person.send({}, title="Order 8", url="/page.js")
    host.open_panel()

    host.item("Order 8").get_by_role("link").click()
    host.page.wait_for_url("**/page.js")

    host.wait_until(lambda: host.unread() == 0)


def test_an_inbox_that_moves_keeps_its_socket_and_the_last_one_takes_it_along(
    host: Host,
) -> None:
    host.open_panel()
    first = "document.querySelector('carillon-inbox')"

    host.page.evaluate(f"document.querySelector('main').append({first})")
    expect(host.page.locator("main carillon-inbox .bell")).to_be_visible()
    host.page.evaluate(f"{first}.remove()")
    host.person.send({}, title="For the one that is left")
    label = "Уведомления, 1 непрочитанное"
    expect(host.second.locator(".bell")).to_have_attribute("aria-label", label)
    host.page.evaluate(f"{first}.remove()")

    host.wait_until(lambda: host.closed_sockets == 1)
    assert len(host.sockets) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    open_page: OpenPage,
    carillon: Deployment,
    scheme: Literal["light", "dark"],
) -> None:
    host = open_page(carillon, color_scheme=scheme)
    host.open()
    host.open_panel()
    assert_accessible(host)
    for severity in ("info", "warning", "critical"):
        host.person.send({"of": severity}, title=severity, severity=severity, url="/a")
    read = host.person.send({}, title="Read", body="More of it")
    host.person.inbox.post(f"/api/user/notifications/{read['key']}/read/")
    expect(host.panel.get_by_role("article")).to_have_count(4)
    host.panel.locator("summary").first.click()
    host.item("Read").get_by_role("button", name="Archive").click()
    expect(host.panel.get_by_role("button", name="Undo: Read")).to_be_visible()
    assert_accessible(host)

    host.second.locator(".bell").click()
    expect(host.second.get_by_role("article")).to_have_count(3)
    assert_accessible(host)


def assert_accessible(host: Host) -> None:
    results = Axe().run(host.page)

    assert results.violations_count == 0, results.generate_report()


def test_on_a_phone_the_panel_fills_the_screen(
    open_page: OpenPage,
    carillon: Deployment,
) -> None:
    host = open_page(carillon, viewport={"width": 360, "height": 640})
    host.open()
    host.open_panel()

    box = host.panel.bounding_box()

    assert box is not None
    assert box["width"] > 330
    too_wide = "document.documentElement.scrollWidth - innerWidth"
    assert host.page.evaluate(too_wide) <= 0


@pytest.mark.parametrize("where", ["header", "footer"])
def test_the_panel_stays_inside_the_window(
    open_page: OpenPage,
    carillon: Deployment,
    where: str,
) -> None:
    # What the page hears live it writes down, which would move the bell away.
    host = open_page(carillon)
    host.person.send_many(20)
    host.open()
    inbox = host.page.locator(f"{where} carillon-inbox")
    size = host.page.viewport_size
    assert size is not None

    for placement in ("bottom-start", "bottom-end", "top-start", "top-end"):
        place = "(inbox, value) => inbox.setAttribute('placement', value)"
        inbox.evaluate(place, placement)
        inbox.locator(".bell").click()
        expect(inbox.get_by_role("article")).to_have_count(20)
        box = inbox.get_by_role("dialog").bounding_box()
        host.page.keyboard.press("Escape")

        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size["height"]
