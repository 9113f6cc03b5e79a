"""The demo's mailing is started with one click and watched to its end."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import OpenBrowser
from tests.supply import Running

# Many seconds' worth, so that the server can be killed in the middle.
SLOWLY = {
    "EXTRA_APPS": "",
    "WS_ALLOWED_ORIGINS": "",
    "SMS_GATEWAY_RATE": "25",
    "SMS_GATEWAY_TIMEOUT": "1",
    "MAILING_RETRY_SECONDS": "0.5",
}
END_MS = 90_000


def test_b25_the_demos_mailing_moves_to_its_end_though_the_server_is_killed(
    start_server: Callable[..., Running],
    open_browser: OpenBrowser,
) -> None:
    running = start_server(**SLOWLY)
    visitor = open_browser(running.deployment)
    page = visitor.page
    visitor.witness.excuse(running.server.url)
    visitor.sign_in(running.deployment.administrator)

    page.get_by_role("button", name=re.compile("^Start: Carillon's demo")).click()
    bar = page.get_by_role("progressbar", name=re.compile("demo"))
    expect(bar).to_be_visible()
    visitor.wait_until(lambda: 0 < float(bar.evaluate("each => each.value")) < 200)
    before = float(bar.evaluate("each => each.value"))
    visitor.wait_until(lambda: float(bar.evaluate("each => each.value")) > before)

    running.server.kill()
    running.server.start()

    expect(page.get_by_text("225 of 225 sent")).to_be_visible(timeout=END_MS)
    expect(page.get_by_text("Done", exact=True)).to_be_visible()
    expect(visitor.headlines().first).to_contain_text("is done")
