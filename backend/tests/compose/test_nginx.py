"""What nginx passes on, and what it does not, told by a server that repeats it."""

import http.client
import http.server
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.edge import TAKES_FILES
from tests.compose.conftest import StartNginx
from tests.compose.scripts import COMPOSE, START, Part, run_script
from tests.conformance.web import Answer, Web
from tests.processes import wait_until
from tooling.services.ports import free_port

pytestmark = pytest.mark.services
CANARY = "canary-ticket-5f0e"


class Repeater(http.server.BaseHTTPRequestHandler):
    """Answers with the request's headers."""

    protocol_version = "HTTP/1.1"
    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = json.dumps({name.lower(): each for name, each in self.headers.items()})
        self.send_response(503 if self.path.startswith("/ws/busy") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "max-age=60, public")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        while length:
            length -= len(self.rfile.read(min(length, 65_536)))
        self.do_GET()

    def log_message(self, *args: object) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def repeater() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Repeater)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def front(start_nginx: StartNginx, repeater: int) -> tuple[Part, str]:
    """Put nginx before the server and one that is away."""
    return start_nginx([repeater, free_port()])


@pytest.fixture
def outside(front: tuple[Part, str]) -> Web:
    return Web(front[1], {})


def test_the_rendered_configuration_is_valid(nginx: str, part_folder: Path) -> None:
    environment = {
        "PATH": f"{Path(nginx).parent}{os.pathsep}{os.environ['PATH']}",
        "NGINX_FOLDER": str(part_folder / "checked"),
        "WEB_SERVERS": "127.0.0.1:8000, 127.0.0.1:8001",
        "TRUSTED_PROXIES": "10.0.0.0/8,2001:db8::1",
    }

    done = run_script(START / "nginx", environment, "--check")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("files", "given", "connections"),
    [(1024, "", 896), (1024, "512", 512)],
)
def test_a_worker_has_as_many_connections_as_it_may_open_files(
    nginx: str,
    tmp_path: Path,
    files: int,
    given: str,
    connections: int,
) -> None:
    environment = {
        "PATH": f"{Path(nginx).parent}{os.pathsep}{os.environ['PATH']}",
        "NGINX_FOLDER": str(tmp_path / "counted"),
        "NGINX_CONNECTIONS": given,
        "WEB_SERVERS": "127.0.0.1:8000",
    }
    script = tmp_path / "limited"
    script.write_text(f'#!/bin/sh\nulimit -n {files}\nexec {START / "nginx"} "$@"\n')
    script.chmod(0o755)

    done = run_script(script, environment, "--check")

    # nginx warns where it may not open as many.
    assert (done.returncode, done.stderr) == (0, "")
    rendered = (tmp_path / "counted" / "nginx.conf").read_text()
    assert f"worker_connections {connections};" in rendered


def test_docker_is_asked_again_for_the_servers(nginx: str, part_folder: Path) -> None:
    folder = part_folder / "resolved"
    environment = {
        "PATH": os.environ["PATH"],
        "NGINX_FOLDER": str(folder),
        "RESOLVER": "127.0.0.11",
    }

    # Debian's nginx is too old for `resolve`; what is looked at is the rendering.
    run_script(START / "nginx", environment, "--check")

    rendered = (folder / "servers.conf").read_text()
    assert "server web:8000 max_fails=2 fail_timeout=1s resolve;" in rendered
    assert "resolver 127.0.0.11 valid=2s ipv6=off;" in rendered


def test_is_healthy_by_the_health_check(front: tuple[Part, str]) -> None:
    wait_until(front[0].is_healthy, seconds=20, what="nginx is healthy")


def test_strangers_cannot_say_who_they_are(outside: Web) -> None:
    seen = outside.signed(
        X_Forwarded_For="203.0.113.9",
        X_Forwarded_Proto="https",
        X_Forwarded_Host="evil.example",
        X_Real_IP="203.0.113.9",
        Forwarded="for=203.0.113.9",
        Daphne_Root_Path="/evil",
    ).get("/")

    forwarding = {name: value for name, value in seen.items() if "forward" in name}
    assert forwarding == {
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
    }
    assert not {"daphne-root-path", "x-real-ip", "via"} & set(seen)
    assert seen["host"] == outside.url.removeprefix("http://")


def test_a_trusted_proxy_in_front_is_believed(
    start_nginx: StartNginx,
    repeater: int,
) -> None:
    _, url = start_nginx([repeater], TRUSTED_PROXIES="127.0.0.1")

    seen = (
        Web(url, {})
        .signed(
            X_Forwarded_For="198.51.100.7, 203.0.113.9",
            X_Forwarded_Proto="https",
            X_Forwarded_Host="push.example.org",
        )
        .get("/")
    )

    assert seen["x-forwarded-for"] == "203.0.113.9"
    assert seen["x-forwarded-proto"] == "https"
    assert seen["host"] == "push.example.org"


def test_what_has_changed_is_taken_without_a_new_start(
    start_nginx: StartNginx,
    repeater: int,
) -> None:
    part, url = start_nginx([free_port()])
    now = {**part.environment, "WEB_SERVERS": f"127.0.0.1:{repeater}"}

    changed = run_script(START / "nginx", now, "--reload")

    assert changed.returncode == 0, changed.stderr
    wait_until(
        lambda: Web(url, {}).request("GET", "/").status == 200,
        seconds=20,
        what="the other server is asked",
    )


def test_what_has_not_changed_is_left_alone(tmp_path: Path) -> None:
    program, said = tmp_path / "nginx", tmp_path / "said"
    program.write_text(f'#!/bin/sh\necho "$@" >> {said}\n')
    program.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "NGINX_FOLDER": str(tmp_path / "rendered"),
    }
    begun, same = environment, {**environment, "WEB_SERVERS": "web:8000"}
    other = {**environment, "WEB_SERVERS": "web:8000,web:8001"}

    run_script(START / "nginx", begun)
    for each in (same, other):
        run_script(START / "nginx", each, "--reload")

    ends = [" ".join(line.split()[-2:]) for line in said.read_text().splitlines()]
    config = f"-c {tmp_path}/rendered/nginx.conf"
    assert ends == [config, "-t -q", "-t -q", "-s reload"]


def test_metrics_are_not_for_outside(outside: Web) -> None:
    answer = outside.request("GET", "/metrics")

    assert (answer.status, answer.json()["code"]) == (403, "permission_denied")
    assert "/metrics" not in Repeater.asked


def test_a_body_above_a_mebibyte_is_refused_in_the_formats_of_the_api(
    outside: Web,
) -> None:
    answer = outside.request("POST", "/api/notifications/send/", b"x" * 1_048_577)

    assert (answer.status, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", sorted(TAKES_FILES))
def test_files_may_be_as_large_as_the_servers_take_them(
    outside: Web,
    path: str,
) -> None:
    taken = outside.request("POST", path, b"x" * 2 * 1_048_576)
    refused = outside.request("POST", path, b"x" * (settings.IMPORT_BODY_LIMIT + 1))

    assert taken.status == 200
    assert taken.json()["content-length"] == "2097152"
    assert (refused.status, refused.json()["code"]) == (413, "too_large")


def test_nginx_takes_files_where_the_servers_take_them() -> None:
    template = (COMPOSE / "nginx" / "carillon.conf.template").read_text()

    (paths, size), *others = re.findall(
        r"location ~ \^\((.+)\)\$ {\s+client_max_body_size (\d+)m;",
        template,
    )

    assert others == []
    assert set(paths.split("|")) == TAKES_FILES
    assert int(size) * 1_048_576 == settings.IMPORT_BODY_LIMIT
    assert template.count("client_max_body_size") == 2


def test_few_files_come_at_once(outside: Web) -> None:
    netloc = outside.url.removeprefix("http://")
    uploads: list[http.client.HTTPConnection] = []
    answers: list[Answer] = []

    def is_full() -> bool:
        answers.append(outside.request("POST", "/api/clients/import/", b"x"))
        if answers[-1].status == 503:
            return True
        upload = http.client.HTTPConnection(netloc, timeout=30)
        uploads.append(upload)
        upload.putrequest("POST", "/api/clients/import/")
        upload.putheader("Content-Length", "2097152")
        upload.endheaders(b"x" * 100)
        return False

    try:
        wait_until(is_full, seconds=25, what="the next is asked to wait")
        elsewhere = outside.request("POST", "/api/notifications/send/", b"x")
    finally:
        for upload in uploads:
            upload.close()

    # nginx may still count the request before.
    assert len(uploads) >= 5
    assert answers[-1].headers["retry-after"] == "5"
    assert answers[-1].json()["code"] == "unavailable"
    assert elsewhere.status == 200


def test_static_files_are_asked_for_once(outside: Web) -> None:
    for _ in range(3):
        outside.get("/static/assets/page.js")

    assert Repeater.asked.count("/static/assets/page.js") == 1


def test_servers_that_take_no_sockets_still_get_everything_else(outside: Web) -> None:
    refused = [outside.request("GET", "/ws/busy").status for _ in range(6)]

    answered = [outside.request("GET", "/api/status/").status for _ in range(6)]

    assert refused == [503] * 6
    assert answered == [200] * 6


def test_without_a_server_the_answer_says_when_to_come_again(
    start_nginx: StartNginx,
) -> None:
    _, url = start_nginx([free_port()])

    answer = Web(url, {}).request("GET", "/api/status/")

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["code"] == "unavailable"


@pytest.mark.parametrize("path", ["/", "/ws/notifications/", "/ws/busy", "/api/"])
def test_no_query_is_in_any_log(
    front: tuple[Part, str],
    outside: Web,
    path: str,
) -> None:
    part, _ = front
    before = part.log().count(f'"GET {path}"')

    for _ in range(4):
        asked: Any = outside.request("GET", f"{path}?token={CANARY}")
    wait_until(
        lambda: part.log().count(f'"GET {path}"') >= before + 4,
        seconds=30,
        what="the requests are in the log",
    )

    assert asked.status in {200, 503}
    assert CANARY not in part.log()
