"""The edge in front of a small application that does what a test wants."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from pytest_django import Settings

from apps.common import metrics, watchdog
from config.edge import edge
from config.tests.driver import Application, Connection, call, scope

LIMIT = django_settings.REQUEST_BODY_LIMIT


class Recorder:
    """Answers 200 with the body that came, and remembers what it was asked."""

    def __init__(self, before: Callable[[], Awaitable[None]] | None = None) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.body = b""
        self.before = before
        self.ended = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        message = await receive()
        assert not message["more_body"]
        self.body = message["body"]
        if self.before:
            await self.before()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": self.body})
        self.ended.set()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def app(recorder: Recorder) -> Application:
    return edge(recorder)


async def test_passes_a_body_of_exactly_the_limit(
    app: Application,
    recorder: Recorder,
) -> None:
    answer = await call(app, "POST", "/api/x/", body=b"a" * LIMIT)

    assert answer.status == 200
    assert len(recorder.body) == LIMIT


async def test_refuses_a_declared_body_above_the_limit_without_reading_it(
    app: Application,
    recorder: Recorder,
) -> None:
    request = scope("POST", "/api/x/", [("Content-Length", str(LIMIT + 1))])
    connection = Connection(request, [b"a" * (LIMIT + 1)])

    answer = await connection.run(app)

    assert (answer.status, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["connection"] == "close"
    assert recorder.scopes == []


async def test_refuses_a_chunked_body_as_soon_as_it_is_above_the_limit(
    app: Application,
    recorder: Recorder,
) -> None:
    chunks = [b"a" * 65_536] * 400
    connection = Connection(scope("POST", "/api/x/"), chunks)

    answer = await connection.run(app)

    assert answer.status == 413
    assert connection.taken * 65_536 <= 3 * 1024 * 1024 + 65_536
    assert recorder.scopes == []


@pytest.mark.parametrize("length", ["9" * 19, "9" * 5000])
async def test_refuses_an_absurd_content_length(app: Application, length: str) -> None:
    request = scope("POST", "/api/x/", [("Content-Length", length)])

    answer = await Connection(request, [b"{}"]).run(app)

    assert answer.status == 413


async def test_gives_the_application_a_chunked_body_in_one_piece(
    app: Application,
    recorder: Recorder,
) -> None:
    connection = Connection(scope("POST", "/api/x/"), [b"one ", b"two ", b"three"])

    answer = await connection.run(app)

    assert answer.status == 200
    assert recorder.body == b"one two three"


async def test_answers_408_to_a_body_that_does_not_end(
    app: Application,
    recorder: Recorder,
    settings: Settings,
) -> None:
    settings.REQUEST_BODY_SECONDS = 0.05
    connection = Connection(scope("POST", "/api/x/"), [b"a"], ends=False)

    answer = await connection.run(app)

    assert (answer.status, answer.json()["code"]) == (408, "body_timeout")
    assert recorder.scopes == []


async def test_does_not_call_the_application_for_a_client_that_left(
    app: Application,
    recorder: Recorder,
) -> None:
    connection = Connection(scope("POST", "/api/x/"), [b"a"], ends=False)
    connection.complete.set()

    answer = await connection.run(app)

    assert answer.status == 0
    assert recorder.scopes == []


async def test_answers_503_when_the_api_is_late_and_swallows_the_late_answer(
    settings: Settings,
) -> None:
    settings.API_DEADLINE_SECONDS = 0.05
    go = asyncio.Event()

    async def wait() -> None:
        await go.wait()

    recorder = Recorder(wait)
    connection = Connection(scope("GET", "/api/x/"))

    answer = await connection.run(edge(recorder))

    assert (answer.status, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert metrics.REGISTRY.get_sample_value("carillon_http_abandoned_requests") == 1
    go.set()
    async with asyncio.timeout(20):
        await recorder.ended.wait()


async def test_keeps_serving_while_a_thread_of_an_abandoned_request_hangs(
    settings: Settings,
) -> None:
    settings.API_DEADLINE_SECONDS = 0.05
    go = threading.Event()

    async def hang() -> None:
        await sync_to_async(go.wait, thread_sensitive=False)()

    hanging = Recorder(hang)
    await call(edge(hanging), "GET", "/api/x/")

    answer = await call(edge(Recorder()), "GET", "/api/y/")

    assert answer.status == 200
    go.set()
    async with asyncio.timeout(20):
        await hanging.ended.wait()


async def test_gives_pages_more_time_than_the_api(settings: Settings) -> None:
    settings.API_DEADLINE_SECONDS = 0.01

    async def dawdle() -> None:
        await asyncio.sleep(0.05)

    answer = await call(edge(Recorder(dawdle)), "GET", "/admin/")

    assert answer.status == 200


async def test_lets_an_answer_that_has_begun_take_its_time(
    settings: Settings,
) -> None:
    settings.API_DEADLINE_SECONDS = 0.02

    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.06)
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    answer = await call(edge(stream), "GET", "/api/x/")

    assert (answer.status, answer.body) == (200, b"ab")


async def test_passes_an_error_of_the_application_on() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        message = "broken"
        raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="broken"):
        await call(edge(fail), "GET", "/api/x/")


@pytest.mark.parametrize(
    ("method", "url", "headers", "status"),
    [
        ("GET", "/", [("Host", "a"), ("Host", "b")], 400),
        ("TRACE", "/", [], 405),
        ("GET", "/" + "a" * 8192, [], 414),
        ("GET", "/?q=" + "a" * 10_000, [], 414),
        ("GET", "/a%00b/", [], 400),
        ("GET", "/?q=%00", [], 400),
    ],
)
async def test_refuses_what_is_badly_written(
    app: Application,
    recorder: Recorder,
    *,
    method: str,
    url: str,
    headers: list[tuple[str, str]],
    status: int,
) -> None:
    answer = await call(app, method, url, headers=headers)

    assert answer.status == status
    assert set(answer.json()) == {"detail", "code"}
    assert recorder.scopes == []


async def test_ignores_what_a_client_says_about_forwarding(
    app: Application,
    recorder: Recorder,
) -> None:
    headers = [
        ("X-Forwarded-For", "10.9.9.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("X_Forwarded_For", "10.9.9.9"),
        ("Daphne-Root-Path", "/x"),
    ]

    await call(app, "GET", "/api/x/", headers=headers, client="192.0.2.1")

    (seen,) = recorder.scopes
    assert seen["headers"] == [(b"host", b"localhost")]
    assert (seen["scheme"], seen["client"][0]) == ("http", "192.0.2.1")
    assert seen["root_path"] == ""


async def test_believes_a_trusted_proxy(
    app: Application,
    recorder: Recorder,
    settings: Settings,
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "::1"]
    headers = [
        ("X-Forwarded-For", "198.51.100.7, 203.0.113.5, 10.0.0.3"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "push.example.org"),
    ]

    await call(app, "GET", "/api/x/", headers=headers, client="10.0.0.2")

    (seen,) = recorder.scopes
    assert (seen["scheme"], seen["client"][0]) == ("https", "203.0.113.5")
    assert dict(seen["headers"]) == {
        b"host": b"push.example.org",
        b"x-forwarded-proto": b"https",
        b"x-forwarded-for": b"203.0.113.5",
    }


@pytest.fixture
def hanging_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "is_answering", lambda: False)


@pytest.mark.usefixtures("hanging_database")
@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/user/me/", 503),
        ("/api/notifications/send/", 503),
        ("/admin/", 503),
        ("/", 200),
        ("/api/notifications/", 200),
        ("/api/status/", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/static/page.js", 200),
    ],
)
async def test_answers_for_a_database_that_hangs(
    app: Application,
    url: str,
    status: int,
) -> None:
    assert (await call(app, "GET", url)).status == status
