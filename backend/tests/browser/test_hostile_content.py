"""Whatever is sent is text on the page: it runs nothing and breaks nothing."""

import json

import pytest
from playwright.sync_api import Route, expect

from tests.browser.visitor import OpenBrowser, Visitor
from tests.conformance.door import Deployment

PHONE = {"width": 360, "height": 740}
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "frame": "</pre><iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "template": "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    "right-to-left": "invoice\u202ecod.exe\u202e\u2066",
    "word": "w" * 10_000,
}
RUNNING = (
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
)


@pytest.fixture
def on_a_phone(open_browser: OpenBrowser, site: Deployment) -> Visitor:
    """Sign in on a small screen."""
    visitor = open_browser(site, viewport=PHONE)
    visitor.sign_in(site.guests.pop())
    return visitor


def test_hostile_content_shows_as_text_and_keeps_to_the_width_of_a_phone(
    on_a_phone: Visitor,
) -> None:
    for text in HOSTILE.values():
        payload = {"text": text, text[:100]: [text]}
        key = on_a_phone.send(payload, title=text[:200], body=text[:2_000])

        item = on_a_phone.item(key)
        expect(item.get_by_role("heading")).to_have_text(text[:200])
        expect(item.locator(".body")).to_have_text(text[:2_000])
        item.get_by_text("Payload, 2 entries").click()
        tree = item.locator("carillon-json-tree")
        expect(tree.locator("bdi.string").first).to_have_text(json.dumps(text))
        assert on_a_phone.page.locator("iframe, img").count() == 0
        assert on_a_phone.overflow() == 0
        # So that the next one does not wait for the end of the reading.
        item.get_by_text("Payload, 2 entries").click()
        on_a_phone.page.evaluate("scrollTo(0, 0)")
    on_a_phone.open_drawer()
    assert on_a_phone.overflow() == 0


def test_a_long_payload_without_a_title_keeps_to_the_width_of_a_phone(
    on_a_phone: Visitor,
) -> None:
    key = on_a_phone.send("w" * 10_000)

    expect(on_a_phone.item(key).get_by_role("heading")).to_contain_text("www")
    assert on_a_phone.overflow() == 0


@pytest.mark.parametrize("url", RUNNING)
def test_an_address_that_could_run_something_is_refused(
    site: Deployment,
    url: str,
) -> None:
    body = {"user_id": 1, "title": "Address", "url": url}

    refused = site.service.request("POST", "/api/notifications/send/", body)

    assert refused.status == 400
    assert "url" in refused.json()


def test_an_address_that_could_run_something_is_never_a_link(member: Visitor) -> None:
    key = member.send(title="Address", url="/orders/7")
    url = ""

    def with_hostile_address(route: Route) -> None:
        answer = route.fetch()
        page = answer.json()
        page["results"][0]["url"] = url
        route.fulfill(response=answer, json=page)

    # A server that let it through must not be enough.
    member.page.route("**/api/user/notifications/?*", with_hostile_address)
    for url in RUNNING:
        member.page.reload()

        expect(member.item(key).get_by_text(url)).to_be_visible()
        expect(member.item(key).get_by_role("link")).to_have_count(0)


def test_the_policy_of_the_page_allows_nothing_inline(
    visitor: Visitor,
) -> None:
    response = visitor.page.goto(visitor.site.url)

    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
