"""Which origins may use the inbox from elsewhere, and what else they may not."""

from typing import Any

import pytest
from pytest_django import Settings

from config.cors import cors
from config.edge import edge
from config.tests.driver import Answer, Application, call

INBOX = "/api/user/notifications/"
SHOP = "https://shop.example.org"
LISTED = [SHOP, "http://localhost:9000", "https://app.example.org:8443"]
ALLOW = "access-control-allow-origin"


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
def app(settings: Settings) -> Application:
    settings.CORS_ALLOWED_ORIGINS = LISTED
    return cors(edge(hello))


async def ask(
    app: Application,
    origin: str,
    *,
    url: str = INBOX,
    method: str = "GET",
) -> Answer:
    return await call(app, method, url, headers=[("Origin", origin)])


async def preflight(app: Application, origin: str, *, url: str = INBOX) -> Answer:
    headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    ]
    return await call(app, "OPTIONS", url, headers=headers)


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        (SHOP, True),
        ("https://shop.example.org:443", True),
        ("http://localhost:9000", True),
        ("https://app.example.org:8443", True),
        ("http://shop.example.org", False),
        ("https://shop.example.org:8443", False),
        ("https://app.example.org", False),
        ("http://localhost", False),
        ("http://localhost:90000", False),
        ("http://127.0.0.1:9000", False),
        ("https://shop.example.org.evil.example", False),
        ("https://evilshop.example.org", False),
        ("https://sub.shop.example.org", False),
        ("https://SHOP.example.org", False),
        ("https://shop.example.org/", False),
        ("https://shop.example.org/a", False),
        ("https://user@shop.example.org", False),
        ("//shop.example.org", False),
        ("shop.example.org", False),
        ("https://shop.example.org, https://evil.example", False),
        ("https://shöp.example.org", False),
        ("null", False),
        ("*", False),
        ("", False),
    ],
)
async def test_an_origin_is_compared_whole(
    app: Application,
    origin: str,
    is_allowed: bool,
) -> None:
    for answer in (await ask(app, origin), await preflight(app, origin)):
        assert answer.headers.get(ALLOW) == (origin if is_allowed else None)
        assert answer.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_preflight_is_answered_without_the_application(
    app: Application,
) -> None:
    answer = await preflight(app, SHOP, url=f"{INBOX}read-all/")

    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-methods"] == "GET, POST"
    allowed = answer.headers["access-control-allow-headers"]
    assert allowed == "Authorization, Content-Type"
    assert answer.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/api/notifications/send/",
        "/api/auth/ticket/",
        "/api/auth/token/",
        "/api/user/me/",
        "/api/user/notificationsx/",
        "/api/status/",
        "/admin/",
    ],
)
async def test_nothing_but_the_inbox_is_open(app: Application, url: str) -> None:
    for answer in (await ask(app, SHOP, url=url), await preflight(app, SHOP, url=url)):
        assert answer.status == 200
        assert not any(name.startswith("access-control") for name in answer.headers)


async def test_the_page_of_another_origin_reads_refusals_too(app: Application) -> None:
    answer = await ask(app, SHOP, url=f"{INBOX}?search={'x' * 9_000}")

    assert answer.status == 414
    assert answer.headers[ALLOW] == SHOP
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


async def test_two_origins_in_one_request_are_none(app: Application) -> None:
    answer = await call(app, "GET", INBOX, headers=[("Origin", SHOP), ("Origin", SHOP)])

    assert ALLOW not in answer.headers


async def test_a_request_without_an_origin_is_left_alone(app: Application) -> None:
    answer = await call(app, "GET", INBOX)

    assert (answer.status, ALLOW in answer.headers) == (200, False)


async def test_nobody_is_allowed_where_the_setting_is_empty(
    settings: Settings,
) -> None:
    settings.CORS_ALLOWED_ORIGINS = []

    answer = await ask(cors(edge(hello)), SHOP)

    assert not any(name.startswith("access-control") for name in answer.headers)
