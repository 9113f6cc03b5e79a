"""The production profile as its scripts start it, on real servers.

Two servers of ours behind nginx, and all that works beside them.
ROLLING_RESTART_SOCKETS says how many pages stay open across the restarts.
"""

import os
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import psycopg
import pytest
from psycopg import sql

from tests.compose.conftest import StartNginx, StartPart
from tests.compose.crowd import Crowd
from tests.compose.scripts import START, Part, run_script
from tests.conformance.door import Deployment, Door
from tests.conformance.web import Web
from tests.processes import wait_until
from tooling.services.ports import free_port

pytestmark = pytest.mark.services

SCOPES = ("notify:send", "notify:broadcast", "users:write", "tickets:mint")
SOCKETS = int(os.environ.get("ROLLING_RESTART_SOCKETS", "100"))
LEAST_ROUNDS = 10
PAGES_EACH = 4  # fewer than one user may have on one server


@dataclass(frozen=True)
class Stack:
    """The running parts, and the door that nginx is."""

    environment: dict[str, str]
    setup: str
    servers: list[Part]
    nginx: Part
    parts: dict[str, Part]
    deployment: Deployment

    def server_url(self, index: int) -> str:
        """Say where one of the servers answers, past nginx."""
        return f"http://127.0.0.1:{self.servers[index].environment['PORT']}"

    def restart(self, server: Part) -> int:
        """End one server as an update does and start it again; say its exit code."""
        code = server.terminate(within=15)
        server.start_until_answering(int(server.environment["PORT"]), "/readyz")
        return code


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[str]:
    name = f"carillon_{uuid.uuid4().hex}"
    identifier = sql.Identifier(name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        connection.execute(drop.format(identifier))


@pytest.fixture(scope="module")
def environment(
    database: str,
    redis_url: str,
    rabbitmq_url: str,
    part_folder: Path,
) -> Iterator[dict[str, str]]:
    yield {
        "ENVIRONMENT": "production",
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": uuid.uuid4().hex,
        "CELERY_BROKER_URL": rabbitmq_url,
        "RABBITMQ_URL": rabbitmq_url,
        "RABBITMQ_PREFIX": f"{uuid.uuid4().hex[:8]}.",
        "TRUSTED_PROXIES": "127.0.0.1",
        "WEB_CONCURRENCY": "2",
        # A test that is slow to read must not be taken for a page that stays.
        "WS_DRAIN_SECONDS": "6",
        "SECRETS_DIR": str(part_folder / "secrets"),
        "STATIC_ROOT": str(part_folder / "static"),
        "DATA_DIR": str(part_folder / "data"),
        "BEAT_SCHEDULE": str(part_folder / "beat"),
    }
    connection = pika.BlockingConnection(pika.URLParameters(rabbitmq_url))
    connection.channel().queue_delete("sweeps")
    connection.close()


@pytest.fixture(scope="module")
def stack(
    environment: dict[str, str],
    make_part: StartPart,
    start_nginx: StartNginx,
) -> Stack:
    setup = run_script(START / "setup", environment)
    assert setup.returncode == 0, setup.stderr
    parts = {
        name: make_part(name, environment, label=name)
        for name in ("worker", "beat", "rabbitmq_consumer")
    }
    for part in parts.values():
        part.start()
    ports = [free_port(), free_port()]
    servers = [
        make_part("web", {**environment, "PORT": str(port)}, label=f"web-{port}")
        for port in ports
    ]
    for server in servers:
        server.start()
    key = run_script(
        START / "manage",
        environment,
        *("create_service_key", "stack", *(f"--scope={scope}" for scope in SCOPES)),
    )
    facts = dict(
        line.split(": ", 1) for line in key.stdout.splitlines() if ": " in line
    )
    for server, port in zip(servers, ports, strict=True):
        wait_until(server.is_healthy, seconds=60, what=f"{port} is healthy")
    nginx, url = start_nginx(ports)
    deployment = Deployment(url, facts["X-Service-Id"], facts["X-Service-Token"])
    return Stack(environment, setup.stdout, servers, nginx, parts, deployment)


@pytest.fixture
def door(stack: Stack, enter: Callable[[Deployment], Door]) -> Door:
    return enter(stack.deployment)


def test_the_page_and_its_files_come_through_nginx(stack: Stack) -> None:
    anonymous = stack.deployment.anonymous

    page = anonymous.request("GET", "/")
    icon = anonymous.request("GET", "/static/favicon.svg")

    assert (page.status, page.headers["content-type"]) == (
        200,
        "text/html; charset=utf-8",
    )
    assert (icon.status, icon.headers["x-content-type-options"]) == (200, "nosniff")


def test_the_administrator_that_was_made_logs_in(stack: Stack) -> None:
    password = Path(stack.environment["SECRETS_DIR"], "admin_password").read_text()

    answer = stack.deployment.anonymous.post(
        "/api/auth/token/",
        {"username": "admin", "password": password.strip()},
    )

    assert answer["token"]
    shown = run_script(START / "info", stack.environment).stdout
    assert password.strip() in shown
    assert password.strip() not in stack.setup


def test_what_was_made_at_the_first_start_stays(stack: Stack) -> None:
    folder = Path(stack.environment["SECRETS_DIR"])
    before = {path.name: path.read_text() for path in folder.iterdir()}

    again = run_script(START / "setup", stack.environment)

    assert again.returncode == 0, again.stderr
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert folder.stat().st_mode & 0o007 == 0


def test_a_socket_through_nginx_gets_what_the_other_server_was_told(
    stack: Stack,
    door: Door,
) -> None:
    person = door.person()
    socket = person.tab()
    service = stack.deployment.service

    for index in range(2):
        body = {"user_id": person.id, "payload": {"told": index}}
        Web(stack.server_url(index), service.headers).post(
            "/api/notifications/send/",
            body,
        )

    received = socket.notifications(2)
    assert [frame["value"]["told"] for frame in received] == [0, 1]


def test_servers_see_the_clients_address_from_nginx_alone(stack: Stack) -> None:
    # A limit on failed logins belongs to the network from which they come.
    attempts = [
        stack.deployment.anonymous.signed(X_Forwarded_For=f"198.51.{n}.7").request(
            "POST",
            "/api/auth/token/",
            {"username": "nobody-at-all", "password": "canary"},
        )
        for n in range(6)
    ]

    assert [attempt.status for attempt in attempts] == [401] * 5 + [429]


def test_every_part_shows_in_the_status_and_passes_its_health_check(
    stack: Stack,
) -> None:
    answers: list[Any] = []

    def is_ok() -> bool:
        # 503 where a part was slow to answer.
        answer = stack.deployment.anonymous.request("GET", "/api/status/").json()
        answers.append(answer)
        return bool(answer.get("status") == "ok")

    wait_until(is_ok, seconds=60, what="every part is ok", interval=0.2)

    parts = answers[-1]["parts"]
    assert {name: part["state"] for name, part in parts.items()} == dict.fromkeys(
        ("database", "channel_layer", "broker", "worker", "beat", "rabbitmq_consumer"),
        "ok",
    )
    for part in stack.parts.values():
        wait_until(part.is_healthy, seconds=60, what=f"{part.name} is healthy")


def test_a_rolling_restart_loses_nothing_and_says_goodbye(
    stack: Stack,
    door: Door,
) -> None:
    people = [door.person() for _ in range(max(1, SOCKETS // PAGES_EACH))]
    pages = [people[n % len(people)] for n in range(SOCKETS)]
    ended = threading.Event()
    sent = 0

    def send_to_all() -> None:
        nonlocal sent
        while not ended.is_set() or sent <= LEAST_ROUNDS:
            drafts = [{"user_id": each.id, "payload": {"n": sent}} for each in people]
            service = stack.deployment.service.signed(Idempotency_Key=f"round-{sent}")
            answer = service.request(
                "POST",
                "/api/notifications/send/bulk/",
                {"notifications": drafts},
            )
            if answer.status == 200:
                sent += 1
            ended.wait(0.1)

    service, url = stack.deployment.service, stack.deployment.url
    with Crowd(pages, service=service, url=url) as crowd:
        all_live = "every page is live"
        wait_until(lambda: crowd.live() == SOCKETS, seconds=60, what=all_live)
        sender = threading.Thread(target=send_to_all)
        sender.start()
        try:
            for server in stack.servers:
                assert stack.restart(server) == 0
                wait_until(lambda: crowd.live() == SOCKETS, seconds=60, what=all_live)
        finally:
            ended.set()
            sender.join(30)
        wait_until(
            lambda: all(len(page.numbers) >= sent for page in crowd.pages),
            seconds=30,
            what=f"every page has {sent} notifications",
        )

        assert {tuple(page.numbers) for page in crowd.pages} == {
            tuple(range(1, sent + 1)),
        }
        assert [page.cuts for page in crowd.pages] == [0] * SOCKETS
        assert [page for page in crowd.pages if not page.goodbyes] == []


def test_a_worker_that_hangs_ends_itself(
    stack: Stack,
    make_part: StartPart,
) -> None:
    # Of two children one at most holds a tick when they stop: there is room for more.
    hung = {"STALL_SECONDS": "7", "WORKER_NAME": "hung", "WORKER_CONCURRENCY": "2"}
    worker = make_part("worker", {**stack.environment, **hung})
    worker.start()
    try:
        two = "the pool is there"
        wait_until(lambda: len(worker.children()) >= 2, seconds=60, what=two)

        worker.pause_children()

        assert worker.exit_code(within=60) == 70
        assert "showed no life" in worker.log()
    finally:
        worker.kill()


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("worker", 25), ("beat", 15), ("rabbitmq_consumer", 15)],
)
def test_a_part_ends_on_sigterm_and_starts_again(
    stack: Stack,
    name: str,
    seconds: float,
) -> None:
    part = stack.parts[name]

    code = part.terminate(within=seconds)
    part.start()

    assert code == 0, part.log()[-2000:]
