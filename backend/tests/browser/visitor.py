"""A person at a browser: where they look, what they press, what must never happen."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    StorageState,
    WebError,
    WebSocket,
    expect,
)

from tests.conformance.door import Deployment, Login

_REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.error(
    "securitypolicyviolation", event.violatedDirective, event.blockedURI,
));
"""
_INSIDE = ("data:", "blob:", "about:")


@dataclass
class Witness:
    """Notes what the pages of a context do that no page of ours may do."""

    host: str
    offences: list[str] = field(default_factory=list)
    _excused: set[str] = field(default_factory=set)

    def watch(self, context: BrowserContext) -> None:
        """Look on from now on."""
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("request", self._requested)
        context.on("page", lambda page: page.on("websocket", self._connected))
        context.on("dialog", self._asked)
        context.on("weberror", self._failed)
        context.on("console", self._said)

    def excuse(self, url: str) -> None:
        """Say nothing about what is only tried with this address."""
        self._excused.add(url)

    def _accuse(self, offence: str) -> None:
        if not any(url in offence for url in self._excused):
            self.offences.append(offence)

    def _requested(self, request: Request) -> None:
        self._leave_host(request.url)

    def _connected(self, socket: WebSocket) -> None:
        self._leave_host(socket.url)

    def _leave_host(self, url: str) -> None:
        if not url.startswith(_INSIDE) and urlsplit(url).netloc != self.host:
            self._accuse(f"a request left the host: {url}")

    def _asked(self, dialog: Dialog) -> None:
        self._accuse(f"a dialog was shown: {dialog.message}")
        dialog.dismiss()

    def _failed(self, error: WebError) -> None:
        self._accuse(f"a script failed: {error.error}")

    def _said(self, message: ConsoleMessage) -> None:
        text = message.text
        if "securitypolicyviolation" in text or "Content Security Policy" in text:
            self._accuse(f"the policy was violated: {text}")


class Visitor:
    """One tab of one person."""

    def __init__(self, page: Page, site: Deployment, witness: Witness) -> None:
        self.page = page
        self.site = site
        self.witness = witness
        self.received: list[dict[str, Any]] = []
        self.connections = 0
        self._account: dict[str, Any] | None = None
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        self.connections += 1
        socket.on(
            "framereceived",
            lambda frame: self.received.append(json.loads(frame)),
        )

    def another_tab(self) -> "Visitor":
        """Open the page once more in the same session, beside the first.

        In a window of its own: a tab behind another draws once a second, and whoever
        presses a button there waits for two drawings.
        """
        with self.page.expect_popup() as opened:
            self.page.evaluate("open('about:blank', '_blank', 'popup')")
        visitor = Visitor(opened.value, self.site, self.witness)
        visitor.open()
        return visitor

    def open(self, path: str = "/") -> None:
        """Go to an address of the site."""
        self.page.goto(f"{self.site.url}{path}")

    def fill_login(self, login: Login) -> None:
        """Fill the form and send it, as a person does."""
        self._account = None
        self.page.get_by_label("Username").fill(login.username)
        self.page.get_by_label("Password").fill(login.password)
        self.page.get_by_role("button", name="Sign in").click()

    def sign_in_by_form(self, login: Login) -> None:
        """Open the page and sign in with a session of one's own, until it is live."""
        self.open()
        self.fill_login(login)
        self.expect_live()

    def sign_in(self, login: Login) -> None:
        """Open the page as this person, and wait until it is live.

        With the cookie of a session that is open: a password is hashed for a second.
        """
        self.bring_session(login)
        self.open()
        self.expect_live()

    def bring_session(self, login: Login) -> None:
        """Take the cookie of somebody's session."""
        self.page.context.add_cookies(
            [{"name": "sessionid", "value": login.session, "url": self.site.url}]
        )
        self._account = None

    @property
    def badge(self) -> Locator:
        """Find what says how the page is connected."""
        return self.page.locator("[data-phase]")

    def expect_live(self, *, timeout: float | None = None) -> None:
        """Wait for the badge to say Live.

        Units: milliseconds; the usual patience where not given.
        """
        expect(self.badge).to_have_attribute("data-phase", "live", timeout=timeout)

    @property
    def items(self) -> Locator:
        """Find all notifications shown."""
        return self.page.locator("carillon-notification-item")

    def item(self, key: str) -> Locator:
        """Find one notification."""
        return self.page.locator(f'carillon-notification-item[data-key="{key}"]')

    def headlines(self) -> Locator:
        """Find the headlines, newest first."""
        return self.items.locator("h4")

    def press(self, button: str, *, on: str | None = None) -> None:
        """Press a button of the page, or of the notification with this key."""
        where: Page | Locator = self.page if on is None else self.item(on)
        where.get_by_role("button", name=button, exact=True).click()

    def choose(self, entry: str) -> None:
        """Open the menu of the account and choose an entry."""
        self.page.locator("carillon-page-header .opener").click()
        menu = self.page.locator("carillon-page-header .menu")
        menu.get_by_text(entry, exact=True).click()

    def open_profile(self) -> Locator:
        """Go to the profile; return it."""
        self.choose("Profile and settings")
        profile = self.page.locator("carillon-profile-page")
        expect(profile.locator("carillon-session-list li").first).to_be_visible()
        return profile

    def open_drawer(self) -> Locator:
        """Open the developer drawer; return its frames."""
        self.choose("Developer tools")
        return self.page.locator("carillon-developer-drawer .frames li")

    @property
    def toasts(self) -> Locator:
        """Find the toasts, newest last."""
        return self.page.locator("carillon-toast-stack li")

    @property
    def user_id(self) -> int:
        """Say who this is."""
        return int(self._me()["id"])

    @property
    def username(self) -> str:
        """Say by what name they sign in."""
        return str(self._me()["username"])

    def _me(self) -> dict[str, Any]:
        if self._account is None:
            answer = self.page.context.request.get(f"{self.site.url}/api/user/me/")
            assert answer.ok, answer.text()
            self._account = answer.json()
        return self._account

    def send(self, payload: object = None, **fields: object) -> str:
        """Have a service send this person a notification; return its key."""
        body = {"user_id": self.user_id, **fields}
        if payload is not None:
            body["payload"] = payload
        sent = self.site.service.post("/api/notifications/send/", body)
        return str(sent["key"])

    def send_numbers(self, user_id: int, numbers: Iterable[int]) -> None:
        """Have a service send `Number 0`, `Number 1` …, one by one, page or no page."""
        for number in numbers:
            body = {"user_id": user_id, "title": f"Number {number}"}
            self.site.service.post("/api/notifications/send/", body)

    def received_notifications(self) -> list[dict[str, Any]]:
        """List the notifications that came over any WebSocket of this tab."""
        return [
            frame for frame in self.received if frame["type"] == "server_notification"
        ]

    def session(self) -> StorageState:
        """Say the cookies, for another browser of the same person."""
        return self.page.context.storage_state()

    def wait_until(self, condition: Callable[[], bool], *, seconds: float = 20) -> None:
        """Wait for what the browser reports here.

        Raises: AssertionError.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds:g} s"
            # Events of the browser arrive while Playwright itself waits.
            self.page.wait_for_timeout(20)

    def overflow(self) -> int:
        """Say by how many pixels the page is wider than the window."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - innerWidth",
            ),
        )


OpenBrowser = Callable[..., Visitor]
