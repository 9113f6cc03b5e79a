"""Cut off: the badge tells the truth, and what was sent meanwhile is all there."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.visitor import OpenBrowser, Visitor
from tests.supply import Running

NOT_LIVE = re.compile("waiting|connecting")
CHECK_MS = 15_000
LONGEST_PAUSE_MS = 30_000
SOCKET = "**/ws/notifications/**"


def test_nothing_is_lost_or_doubled_across_a_killed_server_and_a_cut_network(
    open_browser: OpenBrowser,
    start_server: Callable[..., Running],
) -> None:
    running = start_server()
    visitor = open_browser(running.deployment)
    visitor.sign_in(running.deployment.guests.pop())
    user_id = visitor.user_id
    visitor.send_numbers(user_id, range(5))
    expect(visitor.items).to_have_count(5)

    visitor.page.context.set_offline(True)
    running.server.kill()
    expect(visitor.badge).to_have_attribute("data-phase", NOT_LIVE)
    running.server.start()
    visitor.send_numbers(user_id, range(5, 12))
    expect(visitor.badge).to_have_attribute("data-phase", NOT_LIVE)
    visitor.page.context.set_offline(False)

    visitor.expect_live(timeout=2 * LONGEST_PAUSE_MS)
    newest_first = [f"Number {n}" for n in reversed(range(12))]
    expect(visitor.headlines()).to_have_text(newest_first)
    expect(visitor.page).to_have_title("(12) Carillon")
    arrived = [frame["seq"] for frame in visitor.received_notifications()]
    assert arrived == list(range(1, 13))


def test_a_page_without_a_server_says_so_and_comes_back_by_itself(
    open_browser: OpenBrowser,
    start_server: Callable[..., Running],
) -> None:
    running = start_server()
    visitor = open_browser(running.deployment)
    visitor.page.clock.install()
    visitor.sign_in(running.deployment.guests.pop())

    running.server.kill()
    expect(visitor.badge).to_have_attribute("data-phase", NOT_LIVE)
    visitor.page.clock.fast_forward(CHECK_MS)
    out_of_reach = "Offline, checking every 15 s (server out of reach)"
    expect(visitor.badge).to_contain_text(out_of_reach)

    running.server.start()
    visitor.page.clock.fast_forward(LONGEST_PAUSE_MS)
    visitor.expect_live()


def test_without_a_websocket_the_inbox_is_read_every_fifteen_seconds(
    visitor: Visitor,
) -> None:
    visitor.page.route_web_socket(SOCKET, lambda socket: socket.close())
    visitor.page.clock.install()
    visitor.bring_session(visitor.site.guests.pop())
    visitor.open()
    expect(visitor.badge).to_have_attribute("data-phase", NOT_LIVE)

    visitor.page.clock.fast_forward(CHECK_MS)
    expect(visitor.badge).to_contain_text("Offline, checking every 15 s")
    expect(visitor.page.get_by_text("Nothing here yet")).to_be_visible()
    for number in range(2):
        key = visitor.send(title=f"Number {number}")
        visitor.page.clock.fast_forward(CHECK_MS)
        expect(visitor.item(key)).to_be_visible()

    expect(visitor.headlines()).to_have_text(["Number 1", "Number 0"])
    expect(visitor.page).to_have_title("(2) Carillon")
    expect(visitor.badge).to_contain_text("Offline, checking every 15 s")


def test_someone_who_does_not_want_to_wait_connects_at_once(visitor: Visitor) -> None:
    blocked = True

    def block_or_connect(socket: WebSocketRoute) -> None:
        if blocked:
            socket.close()
        else:
            socket.connect_to_server()

    visitor.page.route_web_socket(SOCKET, block_or_connect)
    visitor.page.clock.install()
    visitor.bring_session(visitor.site.guests.pop())
    visitor.open()
    expect(visitor.badge).to_have_attribute("data-phase", NOT_LIVE)
    # Time stands still, so that no attempt but the wanted one is made.
    visitor.page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    expect(visitor.badge).to_have_attribute("data-phase", "waiting")
    blocked = False

    visitor.press("Connect now")

    visitor.expect_live()
