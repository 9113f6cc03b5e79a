"""A Carillon, a site of another origin, and a person who looks at that site."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, WebSocket, expect

from tests.browser.conftest import ARGUMENTS
from tests.conformance.door import Deployment, Door, Person
from tests.embedding.host_site import HostSite, Watch

DIST = Path(__file__).resolve().parents[3] / "frontend" / "dist"
# A machine with other work to do is slow, not wrong.
PATIENCE_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser."""
    for item in items:
        uses_browser = "open_page" in getattr(item, "fixturenames", ())
        if Path(__file__).parent in item.path.parents and uses_browser:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def base_url() -> None:
    """Take the place of pytest-base-url's fixture, which pytest deprecates."""


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any],
    chromium: str,
) -> dict[str, Any]:
    """Start the machine's own Chromium; without its sandbox only as root."""
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": ARGUMENTS,
        "chromium_sandbox": os.geteuid() != 0,
    }


@pytest.fixture
def carillon(site: Deployment) -> Deployment:
    """Use the server of the page, which allows that site; nobody may end it."""
    return site


@dataclass
class Host:
    """A page of the other site, and the person whose inbox it shows."""

    page: Page
    site: HostSite
    person: Person
    watch: Watch
    sockets: list[str] = field(default_factory=list)
    closed_sockets: int = 0

    def listen(self) -> None:
        """Count the sockets of the page."""
        self.page.on("websocket", self._connected)

    def _connected(self, socket: WebSocket) -> None:
        self.sockets.append(socket.url)
        socket.on("close", lambda _: self._disconnected())

    def _disconnected(self) -> None:
        self.closed_sockets += 1

    def wait_until(self, condition: Callable[[], bool], *, seconds: float = 20) -> None:
        """Wait for something outside of the page.

        Raises: AssertionError.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds:g} s"
            # Events of the browser arrive while Playwright itself waits.
            self.page.wait_for_timeout(50)

    def open(self) -> None:
        """Go to the page."""
        self.page.goto(f"{self.site.url}/")

    @property
    def first(self) -> Locator:
        """Find the inbox in the header."""
        return self.page.locator("header carillon-inbox")

    @property
    def second(self) -> Locator:
        """Find the Russian inbox in the footer."""
        return self.page.locator("footer carillon-inbox")

    @property
    def panel(self) -> Locator:
        """Find the first inbox's panel."""
        return self.first.get_by_role("dialog")

    @property
    def bell(self) -> Locator:
        """Find the first inbox's bell."""
        return self.first.locator(".bell")

    def open_panel(self) -> None:
        """Press the bell and wait until the inbox is live."""
        self.bell.click()
        expect(self.first.locator(".status")).to_have_text("Live")

    def item(self, headline: str) -> Locator:
        """Find a notification by its headline."""
        articles = self.panel.get_by_role("article")
        return articles.filter(has=self.page.get_by_role("heading", name=headline))

    def unread(self) -> int:
        """Ask the server how many are unread."""
        counts = self.person.inbox.get("/api/user/notifications/counts/")
        return int(counts["unread"])


OpenPage = Callable[..., Host]


@pytest.fixture
def open_page(
    new_context: Callable[..., BrowserContext],
    enter: Callable[[Deployment], Door],
    host_port: int,
    tmp_path: Path,
) -> Iterator[OpenPage]:
    """Open the example page for a new person; what it may not do is checked."""
    opened: list[Host] = []
    expect.set_options(timeout=PATIENCE_MS)

    def open_one(deployment: Deployment, *, port: int = 0, **options: Any) -> Host:
        person = enter(deployment).person()
        site = HostSite(deployment, tmp_path, port=port or host_port)
        site.start(person.id)
        context = new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        hosts = {urlsplit(deployment.url).netloc, urlsplit(site.url).netloc}
        watch = Watch(frozenset(hosts))
        watch.on(context)
        host = Host(context.new_page(), site, person, watch)
        host.listen()
        opened.append(host)
        return host

    yield open_one

    for host in opened:
        host.site.stop()
    assert [offence for host in opened for offence in host.watch.offences] == []


@pytest.fixture
def host(open_page: OpenPage, carillon: Deployment) -> Host:
    """Open the example page where the site is allowed."""
    host = open_page(carillon)
    host.open()
    return host
