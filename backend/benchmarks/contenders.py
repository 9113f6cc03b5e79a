"""The servers that are measured, each on the server's core with data of its own."""

import contextlib
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import redis
from psycopg import sql

from benchmarks import cores
from benchmarks.crowd import Place
from tests.processes import Server, manage, wait_until
from tooling.services import programs
from tooling.services.ports import free_port
from tooling.services.process import Process, answers

BACKEND = Path(__file__).resolve().parent.parent
SUBSCRIBE_SECONDS = 60.0
NCHAN_MODULES = (
    Path("/usr/lib/nginx/modules/ngx_nchan_module.so"),
    Path("/usr/lib64/nginx/modules/ngx_nchan_module.so"),
)

# One process for all of it; the tokens go to a file, since there are thousands.
_PREPARE = """
import json, pathlib
from datetime import timedelta
from django.core.management import call_command
from knox.models import get_digest_token
from apps.accounts.models import AuthToken, User
from apps.notifications.models import Stream
from apps.common import clock
call_command("migrate", verbosity=0)
people = User.objects.bulk_create(
    User(username=f"reader-{{n}}", password="!") for n in range({people})
)
Stream.objects.bulk_create(Stream(user=user) for user in people)
secrets = [get_digest_token() for _ in people]
expiry = clock.now() + timedelta(days=1)
AuthToken.objects.bulk_create(
    AuthToken(digest=digest, token_key="", user=user, expiry=expiry)
    for user, (digest, _) in zip(people, secrets)
)
tokens = {{user.pk: token for user, (_, token) in zip(people, secrets)}}
pathlib.Path({file!r}).write_text(json.dumps(tokens))
call_command(
    "create_service_key", "benchmark", "--scope=notify:send", "--scope=users:write"
)
"""


def new_database(url: str) -> str:
    """Make a database beside the one of this URL; say its URL."""
    name = f"benchmark_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def processor_seconds(pids: Sequence[int]) -> float:
    """Add up what processes have used of a processor; one that ended counts nothing."""
    used = 0.0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = psutil.Process(pid).cpu_times()
            used += times.user + times.system
    return used


class Carillon:
    """`manage.py serve` as in production: no worker inside, on PostgreSQL and Redis."""

    name = "carillon"
    send_path = "/api/notifications/send/"
    bulk_path = "/api/notifications/send/bulk/"

    def __init__(self, folder: Path, *, people: int) -> None:
        """Migrate, and make people with tokens and a service key; start nothing."""
        folder.mkdir()
        self.environment = {
            "DATABASE_URL": new_database(os.environ["TEST_DATABASE_URL"]),
            "REDIS_URL": os.environ["TEST_REDIS_URL"],
            "REDIS_PREFIX": uuid.uuid4().hex,
            "CELERY_BROKER_URL": os.environ["TEST_RABBITMQ_URL"],
            "RABBITMQ_PREFIX": f"{uuid.uuid4().hex[:8]}.",
            "SECRET_KEY": uuid.uuid4().hex * 2,
            "LOG_LEVEL": "warning",
            "DATA_DIR": str(folder / "data"),
        }
        tokens = folder / "tokens.json"
        printed = manage(
            self.environment,
            "shell",
            "-c",
            _PREPARE.format(people=people, file=str(tokens)),
        )
        facts = dict(
            line.split(": ", 1) for line in printed.splitlines() if ": " in line
        )
        self.send_headers = {
            name: facts[name] for name in ("X-Service-Id", "X-Service-Token")
        }
        self.tokens = {
            int(person): token
            for person, token in json.loads(tokens.read_text()).items()
        }
        self.people = list(self.tokens)
        self._folder = folder
        self.server = self._new_server({})

    def start(self, extra: Mapping[str, str] | None = None) -> None:
        """Start a server, with other settings than usual where they are given."""
        self.server = self._new_server(extra or {})
        with cores.on(cores.SERVER):
            self.server.start()

    def stop(self) -> None:
        """End it."""
        self.server.kill()

    def _new_server(self, extra: Mapping[str, str]) -> Server:
        folder = self._folder / uuid.uuid4().hex[:8]
        return Server(folder, environment={**self.environment, **extra})

    @property
    def port(self) -> int:
        """Say where it answers."""
        return self.server.port

    @property
    def pids(self) -> list[int]:
        """Say which processes its cost is the sum of."""
        return [self.server.pid]

    def forget_unacknowledged(self) -> None:
        """Acknowledge what earlier readers left, so that nothing is replayed."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            connection.execute(
                "UPDATE notifications_notification SET acked_at = now()"
                " WHERE acked_at IS NULL",
            )

    def wait_until_subscribed(self) -> None:
        """Wait until the server hears of everybody who is connected.

        Sockets are greeted after half a second without it, and what they miss comes
        from the database a few seconds later: no loss, but no measurement either.
        """
        everybody = len(self.people) + 1
        prefix = self.environment["REDIS_PREFIX"]
        with redis.Redis.from_url(self.environment["REDIS_URL"]) as client:
            wait_until(
                lambda: len(client.pubsub_channels(f"{prefix}*group*")) >= everybody,
                seconds=SUBSCRIBE_SECONDS,
                what="subscribed to everybody's group",
            )

    def places(self, *, each: int = 1, people: int | None = None) -> list[Place]:
        """Say where readers connect: so many sockets of each person."""
        url = f"ws://127.0.0.1:{self.port}/ws/notifications/"
        return [
            Place(person, url, (("Authorization", f"Token {self.tokens[person]}"),))
            for _ in range(each)
            for person in self.people[:people]
        ]


class Stock:
    """The baseline on the same server with the same options."""

    name = "stock"
    send_path = "/send/"
    send_headers: Mapping[str, str] = {}

    def __init__(self, folder: Path, *, people: Sequence[int]) -> None:
        """Make its table."""
        folder.mkdir()
        self.people = people
        self._folder = folder
        self._process: Process | None = None
        self.port = free_port()
        self.environment = {
            "DATABASE_URL": new_database(os.environ["TEST_DATABASE_URL"]),
            "REDIS_URL": os.environ["TEST_REDIS_URL"],
            "REDIS_PREFIX": uuid.uuid4().hex,
            "DJANGO_SETTINGS_MODULE": "benchmarks.stock.settings",
            "PYTHONPATH": str(BACKEND),
        }
        subprocess.run(
            self.command("migrate"),
            env={**os.environ, **self.environment},
            check=True,
        )

    def command(self, *arguments: str) -> list[str]:
        """Return the command of one of its processes."""
        return [sys.executable, "-m", "benchmarks.stock", *arguments]

    def start(self) -> None:
        """Start it and wait until it answers."""
        with cores.on(cores.SERVER):
            self._process = Process(
                self.command("serve", str(self.port)),
                folder=self._folder,
                environment=self.environment,
            )
        self._process.wait_until(
            lambda: answers(self.port, say=b"GET / HTTP/1.0\r\n\r\n", expect=b"HTTP"),
        )

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.stop()

    @property
    def pids(self) -> list[int]:
        """Say which processes its cost is the sum of."""
        assert self._process is not None  # noqa: S101  (started before it is measured)
        return [self._process.popen.pid]

    def places(self) -> list[Place]:
        """Say where readers connect."""
        return [
            Place(person, f"ws://127.0.0.1:{self.port}/ws/{person}/")
            for person in self.people
        ]


@dataclass
class Nchan:
    """nginx with nchan, one worker, messages in its memory."""

    folder: Path
    module: Path
    people: Sequence[int]
    name = "nchan"
    _process: Process | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir()
        self.port = free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(self._configuration())
        with cores.on(cores.SERVER):
            self._process = Process(
                [str(programs.nginx()), "-p", str(self.folder), "-c", "nginx.conf"],
                folder=self.folder,
            )
        self._process.wait_until(
            lambda: answers(self.port, say=b"GET / HTTP/1.0\r\n\r\n", expect=b"HTTP"),
        )

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.stop()

    @property
    def pids(self) -> list[int]:
        """Say which processes its cost is the sum of."""
        assert self._process is not None  # noqa: S101  (started before it is measured)
        master = psutil.Process(self._process.popen.pid)
        return [each.pid for each in master.children()]

    def places(self) -> list[Place]:
        """Say where readers connect."""
        url = f"ws://127.0.0.1:{self.port}/listen"
        return [Place(person, url) for person in self.people]

    def _configuration(self) -> str:
        return f"""
load_module {self.module};
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {self.folder}/nginx.pid;
error_log {self.folder}/error.log;
events {{ worker_connections 15000; }}
http {{
  access_log off;
  keepalive_requests 1000000;
  client_body_temp_path {self.folder};
  server {{
    listen 127.0.0.1:{self.port} backlog=2048;
    location = /publish {{ nchan_publisher; nchan_channel_id everyone; }}
    location = /listen {{
      nchan_subscriber websocket;
      nchan_channel_id everyone;
      nchan_subscriber_first_message newest;
    }}
  }}
}}
"""


def nchan(folder: Path, *, people: Sequence[int]) -> Nchan | None:
    """Find nchan, where it is installed."""
    module = next((path for path in NCHAN_MODULES if path.exists()), None)
    if module is None or programs.nginx() is None:
        return None
    return Nchan(folder, module, people)


Contender = Carillon | Stock | Nchan
