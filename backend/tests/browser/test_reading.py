"""Finding, filing away and reading while more arrives."""

import re

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

SCROLLING = """() => {
  globalThis.rested = new Promise((done) => {
    addEventListener("scrollend", () => done(scrollY), { once: true });
  });
}"""
AT_REST = "pill => Promise.all(pill.getAnimations().map(({ finished }) => finished))"


def test_filters_and_search_ask_the_server_and_what_arrives_obeys_them(
    member: Visitor,
) -> None:
    page = member.page
    disk = member.send(title="Disk full", severity="critical", kind="monitoring")
    read = member.send(title="Invoice", body="Order 31 shipped", kind="billing")
    member.send({"host": "needle-7"}, title="Payload only")
    expect(member.items).to_have_count(3)
    member.press("Mark read", on=read)
    expect(page).to_have_title("(2) Carillon")

    member.press("Unread")
    expect(member.headlines()).to_have_text(["Payload only", "Disk full"])
    member.press("All")
    page.get_by_label("Severity").select_option("critical")
    expect(member.headlines()).to_have_text(["Disk full"])
    member.send(title="Not critical")
    second = member.send(title="Second", severity="critical")
    expect(member.item(second)).to_be_visible()
    expect(member.headlines()).to_have_text(["Second", "Disk full"])
    page.get_by_label("Severity").select_option("")
    page.get_by_label("Kind").select_option("billing")
    expect(member.headlines()).to_have_text(["Invoice"])
    page.get_by_label("Kind").select_option("")
    page.get_by_label("Search notifications").fill("NEEDLE-7")
    expect(member.headlines()).to_have_text(["Payload only"])
    page.get_by_label("Search notifications").fill("nowhere to be found")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    member.press("Clear the filters")
    expect(member.item(disk)).to_be_visible()
    expect(member.items).to_have_count(5)


def test_archiving_can_be_undone_and_the_archive_gives_back(member: Visitor) -> None:
    key = member.send(title="Put away")

    member.press("Archive", on=key)
    expect(member.item(key)).to_have_count(0)
    expect(member.page).to_have_title("Carillon")
    member.press("Undo")
    expect(member.item(key)).to_be_visible()
    expect(member.page).to_have_title("(1) Carillon")

    member.press("Archive", on=key)
    expect(member.item(key)).to_have_count(0)
    member.press("Archived")
    member.press("Move to inbox", on=key)
    expect(member.page.get_by_text("The archive is empty")).to_be_visible()
    member.press("All")
    expect(member.item(key)).to_be_visible()


def test_what_is_being_read_stays_where_it_is(member: Visitor) -> None:
    for number in range(12):
        member.send(title=f"Number {number}", body="Something to read")
    expect(member.items).to_have_count(12)
    member.page.evaluate(SCROLLING)
    member.page.mouse.wheel(0, 500)
    read = member.headlines().get_by_text("Number 5")
    # A wheel turns the page smoothly; it has to rest before places are compared.
    assert member.page.evaluate("rested") > 300
    before = read.bounding_box()

    for number in range(3):
        member.send(title=f"Later {number}")

    pill = member.page.get_by_role("button", name="3 new")
    expect(pill).to_be_visible()
    assert read.bounding_box() == before
    expect(member.page).to_have_title("(15) Carillon")
    # Playwright scrolls to what still moves, here to the top, where there is no pill.
    pill.evaluate(AT_REST)
    pill.click()
    expect(member.headlines().first).to_have_text("Later 2")
    expect(member.headlines().first).to_be_in_viewport()


def test_the_whole_inbox_works_with_keys_alone(member: Visitor) -> None:
    page = member.page
    keys = [member.send({"n": n, "of": 3}, title=f"Number {n}") for n in range(3)]
    expect(member.items).to_have_count(3)
    articles = [member.item(key).get_by_role("article") for key in keys]

    page.keyboard.press("j")
    expect(articles[2]).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(articles[0]).to_be_focused()
    page.keyboard.press("k")
    expect(articles[1]).to_be_focused()
    page.keyboard.press("Enter")
    expect(member.item(keys[1]).get_by_text("of: 3")).to_be_visible()
    expect(page).to_have_title("(2) Carillon")
    page.keyboard.press("u")
    expect(page).to_have_title("(3) Carillon")
    page.keyboard.press("Enter")
    expect(member.item(keys[1]).get_by_text("of: 3")).to_have_count(0)
    page.keyboard.press("e")
    expect(member.item(keys[1])).to_have_count(0)
    expect(articles[0]).to_be_focused()

    new = member.send(title="While reading")
    expect(page.get_by_role("button", name="1 new")).to_be_visible()
    page.keyboard.press("n")
    expect(member.item(new)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Next notification")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    expect(page.get_by_label("Search notifications")).to_be_focused()
    page.keyboard.type("jeu")
    expect(page.get_by_text("Nothing found")).to_be_visible()


def test_days_have_headings_and_times_say_exactly_when(member: Visitor) -> None:
    key = member.send(title="Dated")

    expect(member.page.get_by_role("heading", name="Today")).to_be_visible()
    time = member.item(key).locator("time")
    expect(time).to_have_attribute("title", re.compile(r"\d{4} at \d+:\d\d:\d\d"))


def test_toasts_stack_can_be_paused_and_critical_ones_stay(member: Visitor) -> None:
    member.page.clock.install()
    member.send(title="Backup finished", body="38 minutes")
    member.send(title="Disk full", severity="critical")
    expect(member.toasts).to_have_count(2)

    member.press("Pause")
    member.page.clock.fast_forward(60_000)
    expect(member.toasts).to_have_count(2)
    member.press("Continue")
    member.page.mouse.move(5, 5)
    member.page.clock.fast_forward(60_000)

    expect(member.toasts).to_have_count(1)
    expect(member.toasts).to_contain_text("Disk full")
    member.toasts.get_by_role("button", name="Dismiss").click()
    expect(member.toasts).to_have_count(0)


def test_an_error_is_said_where_the_list_would_be_and_can_be_tried_again(
    visitor: Visitor,
) -> None:
    lists = "**/api/user/notifications/?*"
    visitor.page.route(lists, lambda route: route.fulfill(status=500, body="{}"))
    visitor.bring_session(visitor.site.guests.pop())
    visitor.open()
    failed = visitor.page.get_by_text("The notifications could not be loaded")
    expect(failed).to_be_visible()

    visitor.page.unroute(lists)
    visitor.press("Try again")

    expect(visitor.page.get_by_text("Nothing here yet")).to_be_visible()


def test_offline_is_said_and_what_was_there_stays(member: Visitor) -> None:
    key = member.send(title="Before")
    expect(member.item(key)).to_be_visible()

    member.page.route_web_socket("**/ws/**", lambda socket: socket.close())
    member.page.reload()

    expect(member.page.get_by_text("The connection is lost.")).to_be_visible()
    expect(member.item(key)).to_be_visible()
