"""Each part's own Content-Security-Policy, and the headers that all have."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from config import security_headers

pytestmark = pytest.mark.django_db


def policy(client: Client, url: str, **extra: str) -> str:
    return client.get(url, headers=extra)["Content-Security-Policy"]


@pytest.mark.parametrize(
    "url",
    ["/api/", "/api/status/", "/api/user/me/", "/healthz", "/docs.json", "/nowhere"],
)
def test_an_answer_that_is_data_may_load_nothing(client: Client, url: str) -> None:
    assert policy(client, url) == security_headers.NOTHING


@pytest.mark.parametrize("url", ["/docs/", "/api/docs/", "/redoc/"])
def test_the_documentation_loads_from_here_only(client: Client, url: str) -> None:
    assert policy(client, url) == security_headers.DOCS


def test_the_admin_alone_may_evaluate(client: Client) -> None:
    assert policy(client, "/admin/login/") == security_headers.ADMIN
    for url in ("/", "/docs/", "/redoc/", "/api/"):
        assert "unsafe-eval" not in policy(client, url)


def test_the_page_has_a_policy_of_its_own_without_unsafe_inline(client: Client) -> None:
    for url in ("/", "/api/notifications/"):
        assert "unsafe" not in policy(client, url)
        assert "script-src" in policy(client, url)


def test_the_browsable_api_is_for_staff_and_loads_from_here_only(
    client: Client,
) -> None:
    user = get_user_model().objects.create(username="staff", is_staff=True)
    client.force_login(user)

    answer = client.get("/api/user/me/", headers={"Accept": "text/html"})

    assert answer["Content-Type"].startswith("text/html")
    assert answer["Content-Security-Policy"] == security_headers.DOCS


def test_others_get_json_where_they_ask_for_html(client: Client) -> None:
    answer = client.get("/api/status/", headers={"Accept": "text/html"})

    assert answer["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("url", ["/", "/docs/", "/admin/login/", "/api/status/"])
def test_every_answer_has_the_usual_headers(client: Client, url: str) -> None:
    answer = client.get(url)

    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert len(answer["X-Request-ID"]) >= 8
