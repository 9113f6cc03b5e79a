"""The inbox on the server's own origin: the template tag, the session, the file."""

import contextlib
import http.client
from urllib.parse import urlsplit

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from playwright.sync_api import BrowserContext, expect

from apps.accounts.models import User
from tests.conformance.door import Deployment, Login
from tests.embedding.conftest import OpenPage


def sign_in(context: BrowserContext, site: Deployment, login: Login) -> None:
    context.request.get(f"{site.url}/")
    cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    answer = context.request.post(
        f"{site.url}/api/auth/session/",
        data={"username": login.username, "password": login.password},
        headers={"X-CSRFToken": cookies["csrftoken"]},
    )
    assert answer.ok


# What a browser does with the tag's text in a document that it parses.
INSERT = """
(text) => {
  const tag = document.createElement("template");
  tag.innerHTML = text;
  const written = tag.content.querySelector("script");
  const script = document.createElement("script");
  for (const { name, value } of written.attributes) script.setAttribute(name, value);
  written.replaceWith(script);
  document.body.append(tag.content);
}
"""


def test_the_template_tag_shows_the_inbox_of_the_session(
    open_page: OpenPage,
    carillon: Deployment,
    rf: RequestFactory,
) -> None:
    request = rf.get("/")
    request.user = User(username="somebody")
    tag = Template("{% load carillon %}{% carillon_inbox %}")
    text = tag.render(Context({"request": request}))
    host = open_page(carillon)
    sign_in(host.page.context, carillon, carillon.logins.pop())
    me = host.page.context.request.get(f"{carillon.url}/api/user/me/").json()
    # A page of the server without anything live of its own.
    host.page.goto(f"{carillon.url}/admin/login/")

    host.page.evaluate(INSERT, text)
    inbox = host.page.locator("carillon-inbox")
    inbox.locator(".bell").click()
    expect(inbox.locator(".status")).to_have_text("Live")
    sending = {"user_id": me["id"], "title": "For the session"}
    carillon.service.post("/api/notifications/send/", sending)
    inbox.get_by_role("button", name="Mark read").click()

    expect(inbox.get_by_role("button", name="Mark unread")).to_be_visible()
    expect(inbox.locator(".bell")).to_have_attribute("aria-label", "Notifications")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("carillon-inbox.js", "text/javascript"),
        ("carillon-client.js", "text/javascript"),
        ("carillon-client.d.ts", "text/plain"),
    ],
)
def test_the_modules_have_names_that_stay_and_any_site_may_load_them(
    carillon: Deployment,
    name: str,
    media_type: str,
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(carillon.url).port)
    with contextlib.closing(connection):
        connection.request("GET", f"/static/{name}")
        answer = connection.getresponse()
        headers, size = answer.headers, len(answer.read())

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cache-Control"] == "max-age=60, public"
    assert headers["Content-Type"].startswith(media_type)
    assert headers["ETag"] or headers["Last-Modified"]
    assert size > 1_000
