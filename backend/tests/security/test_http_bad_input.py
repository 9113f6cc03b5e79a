"""Bad input over HTTP: the right code, a JSON body, nothing changed, no traceback."""

import json
import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client

from apps.accounts import tokens
from apps.accounts.models import User
from apps.common import clock
from apps.notifications.models import Notification
from config.asgi import application
from config.tests.driver import Answer, Connection, call, scope
from tests.security.routes import Route, routes, sample_path

SEND = "/api/notifications/send/"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where an exception reached the log."""
    cache.clear()
    caplog.set_level(logging.WARNING)
    yield
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.fixture
def admin() -> User:
    return User.objects.create(username="admin", is_admin=True)


@pytest.fixture
def token(admin: User) -> str:
    lifetime = timedelta(hours=1)
    return tokens.create_token(admin, lifetime=lifetime, now=clock.now()).token


@pytest.fixture
def headers(token: str) -> list[tuple[str, str]]:
    return [
        ("Authorization", f"Token {token}"),
        ("Content-Type", "application/json"),
    ]


Headers = list[tuple[str, str]]


async def notifications() -> int:
    return await sync_to_async(Notification.objects.count)()


def is_refusal(answer: Answer) -> bool:
    kind = answer.headers["content-type"]
    return kind.startswith("application/json") and isinstance(answer.json(), dict)


async def test_a_good_request_passes(headers: Headers, admin: User) -> None:
    body = json.dumps({"user_id": admin.pk, "payload": {"a": 1}}).encode()

    answer = await call(application, "POST", SEND, headers=headers, body=body)

    assert answer.status == 200, answer.body
    assert await notifications() == 1


BAD_JSON = {
    "nothing that is JSON": b"hello",
    "half an object": b'{"user_id": 1',
    "bad UTF-8": b'{"user_id": 1, "payload": "\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"user_id": 1, "payload": {}}',
    "NaN": b'{"user_id": 1, "payload": NaN}',
    "Infinity": b'{"user_id": 1, "payload": -Infinity}',
    "a number beyond a double": b'{"user_id": 1, "payload": 1e400}',
    "a number of 5000 digits": b'{"user_id": ' + b"9" * 5000 + b', "payload": {}}',
    "100,000 levels": b'{"payload": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "33 levels": b'{"payload": ' + b"[" * 33 + b"]" * 33 + b"}",
    "the same key twice": b'{"user_id": 1, "user_id": 2, "payload": {}}',
    "a NUL": b'{"user_id": 1, "payload": "\\u0000"}',
    "a NUL in a key": b'{"user_id": 1, "payload": {"\\u0000": 1}}',
    "a lone surrogate": b'{"user_id": 1, "payload": "\\ud800"}',
    "a list": b"[1, 2]",
    "a text": b'"hello"',
    "a number": b"7",
    "null": b"null",
    "UTF-16": '{"user_id": 1}'.encode("utf-16"),
}


@pytest.mark.parametrize("data", BAD_JSON.values(), ids=BAD_JSON)
async def test_a_body_that_is_not_our_json_is_400(
    headers: Headers, data: bytes
) -> None:
    answer = await call(application, "POST", SEND, headers=headers, body=data)

    assert answer.status == 400, answer.body
    assert answer.json()["code"] == "bad_json"
    assert await notifications() == 0


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/xml",
        "nonsense",
        "",
    ],
)
async def test_another_content_type_is_refused(token: str, kind: str) -> None:
    headers = [("Authorization", f"Token {token}"), ("Content-Type", kind)]
    body = b'{"user_id": 1, "payload": {}}'

    answer = await call(application, "POST", SEND, headers=headers, body=body)

    assert answer.status in {400, 415}, answer.body
    assert is_refusal(answer)
    assert await notifications() == 0


@pytest.mark.parametrize(
    "user_id",
    [
        "0",
        "-1",
        "9223372036854775808",
        '"1e3"',
        "true",
        "1.5",
        '" 1 "',
        "null",
        "[]",
        "{}",
        '"١"',
        "1e30",
    ],
)
async def test_a_user_id_that_is_none_is_400_or_404(
    headers: Headers,
    user_id: str,
) -> None:
    body = f'{{"user_id": {user_id}, "payload": {{}}}}'.encode()

    answer = await call(application, "POST", SEND, headers=headers, body=body)

    assert answer.status in {400, 404}, answer.body
    assert is_refusal(answer)
    assert await notifications() == 0


async def test_a_body_above_the_limit_is_413(headers: Headers) -> None:
    body = b'{"payload": "' + b"a" * 1_048_576 + b'"}'

    answer = await call(application, "POST", SEND, headers=headers, body=body)

    assert (answer.status, answer.json()["code"]) == (413, "too_large")


async def test_a_chunked_body_above_the_limit_is_413(headers: Headers) -> None:
    connection = Connection(scope("POST", SEND, headers), [b" " * 65_536] * 20)

    answer = await connection.run(application)

    assert (answer.status, answer.json()["code"]) == (413, "too_large")


async def test_a_body_without_end_is_408(headers: Headers, settings: Any) -> None:
    settings.REQUEST_BODY_SECONDS = 0.05
    connection = Connection(scope("POST", SEND, headers), [b"{"], ends=False)

    answer = await connection.run(application)

    assert answer.status == 408


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("localhost:8000@evil.example", 400),
        ("", 400),
        ("localhost:99999999", 200),
        ("localhost\x0b", 400),
    ],
)
async def test_a_host_that_is_not_ours_is_400(host: str, status: int) -> None:
    answer = await call(application, "GET", "/healthz", headers=[("Host", host)])

    assert answer.status == status
    assert is_refusal(answer)


async def test_two_hosts_are_400() -> None:
    headers = [("Host", "localhost"), ("Host", "evil.example")]

    answer = await call(application, "GET", "/healthz", headers=headers)

    assert (answer.status, answer.json()["code"]) == (400, "two_hosts")


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/user/me%00/", 400),
        ("/api/user/notifications/?search=%00", 400),
        ("/" + "a" * 10_000, 414),
        ("/?" + "a" * 10_000, 414),
        ("/api/%2e%2e/admin/", 404),
        ("/static/%2e%2e/manage.py", 404),
        ("/static/../manage.py", 404),
        ("/api/%ff%fe/", 404),
        ("//evil.example/", 404),
        ("/api/user/notifications/not-a-uuid/", 404),
        ("/api/notifications/broadcasts/" + "9" * 40 + "/", 404),
    ],
)
async def test_a_strange_url_is_refused(
    headers: Headers,
    url: str,
    status: int,
) -> None:
    answer = await call(application, "GET", url, headers=headers)

    assert answer.status == status
    assert is_refusal(answer)


async def test_the_method_is_what_the_request_line_says(headers: Headers) -> None:
    overriding = [*headers, ("X-HTTP-Method-Override", "GET")]

    answer = await call(application, "DELETE", "/api/user/me/", headers=overriding)

    assert answer.status == 405


async def test_trace_is_405() -> None:
    answer = await call(application, "TRACE", "/api/user/me/")

    assert answer.status == 405


async def test_a_client_cannot_name_the_root_path(headers: Headers) -> None:
    naming = [*headers, ("Daphne-Root-Path", "/api")]

    answer = await call(application, "GET", "/api/user/me/", headers=naming)

    assert answer.status == 200


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=0",
        "page=1000000000",
        "page=abc",
        "page_size=-1",
        "page_size=1000000",
        "after=-1",
        "after=abc",
        "after=" + "9" * 30,
        "state=none",
        "severity=none",
        "ordering=password",
        "user__password=a",
        "search=%ff",
        "search=%ED%A0%80",
        "kind=" + "a" * 5000,
    ],
)
async def test_a_strange_query_is_no_error_of_ours(
    headers: Headers, query: str
) -> None:
    answer = await call(
        application,
        "GET",
        f"/api/user/notifications/?{query}",
        headers=headers,
    )

    assert answer.status in {200, 400, 404}
    assert is_refusal(answer)


@pytest.mark.parametrize(
    "authorization",
    [
        "Token",
        "Token ",
        "Token a b",
        "Token ÿ",
        "Basic",
        "Basic !",
        "Bearer x",
        "Bearer :",
        "Basic Og==",
        "Token " + "a" * 5000,
        "Nonsense x",
    ],
)
async def test_a_credential_that_is_none_is_401(authorization: str) -> None:
    headers = [("Authorization", authorization)]

    answer = await call(application, "GET", "/api/user/me/", headers=headers)

    assert answer.status == 401
    assert is_refusal(answer)


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "BREW")
BODIES = (("", ""), ("{", "application/json"), ("a=b", "text/plain"))
FORMATS = ("*/*", "text/html", "application/xml", "nonsense", "")


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.pattern)
def test_no_method_or_format_on_any_route_is_an_error_of_ours(
    token: str,
    route: Route,
) -> None:
    path = sample_path(route.pattern.replace("<uuid:key>", str(uuid.uuid4())))
    client = Client(raise_request_exception=False)
    client.defaults["HTTP_AUTHORIZATION"] = f"Token {token}"

    for method in METHODS:
        for body, kind in BODIES:
            answer = client.generic(method, path, body, content_type=kind)
            assert answer.status_code < 500, (method, kind)
    for wanted in FORMATS:
        answer = client.get(path, headers={"Accept": wanted})
        assert answer.status_code < 500, wanted
        assert client.get(path, {"format": wanted}).status_code < 500, wanted


@pytest.mark.parametrize("route", routes(), ids=lambda route: route.pattern)
def test_a_missing_or_doubled_slash_is_no_other_door(token: str, route: Route) -> None:
    client = Client(raise_request_exception=False)
    client.defaults["HTTP_AUTHORIZATION"] = f"Token {token}"
    path = sample_path(route.pattern)

    for changed in (path.rstrip("/") or "/x", path + "/", "/" + path):
        if changed != path:
            # The client would take `//api` for a host.
            answer = client.post(
                path,
                "{}",
                content_type="application/json",
                PATH_INFO=changed,
            )
            assert answer.status_code in {301, 400, 401, 404, 405}, changed
