"""A server with demo data, and people with browsers who visit it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.visitor import OpenBrowser, Visitor, Witness
from tests.conformance.door import Deployment

ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--proxy-bypass-list=*",
    "--proxy-server=direct://",
]
# A machine with other work to do is slow, not wrong.
PATIENCE_MS = 30_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here, so that it runs last and `make test-fast` leaves it out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
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
def open_browser(
    new_context: Callable[..., BrowserContext],
    built_page: None,
) -> Iterator[OpenBrowser]:
    """Open browsers without a session; what none of their pages may do is checked."""
    witnesses: list[Witness] = []
    expect.set_options(timeout=PATIENCE_MS)

    def open_one(site: Deployment, **options: Any) -> Visitor:
        context = new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        witness = Witness(urlsplit(site.url).netloc)
        witness.watch(context)
        witnesses.append(witness)
        return Visitor(context.new_page(), site, witness)

    yield open_one

    offences = [offence for witness in witnesses for offence in witness.offences]
    assert offences == []


@pytest.fixture
def visitor(open_browser: OpenBrowser, site: Deployment) -> Visitor:
    """Open a browser at the shared server; nobody is signed in yet."""
    return open_browser(site)


@pytest.fixture
def member(visitor: Visitor, site: Deployment) -> Visitor:
    """Sign in somebody whom no other test knows, with an empty inbox."""
    visitor.sign_in(site.guests.pop())
    return visitor
