"""Servers for tests across processes: prepared once, started when first asked for."""

import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.conformance.door import Deployment, Login
from tests.processes import Server, manage

ALLOWED_ORIGIN = "https://embedding.example"
SCOPES = (
    "notify:send",
    "notify:broadcast",
    "users:write",
    "tickets:mint",
    "alerts:write",
    "mailings:write",
    "mailings:all",
)
_SCOPE_ARGUMENTS = [f"--scope={scope}" for scope in SCOPES]
LOGINS = 90
PASSWORD = "canary-password-73c1"

# Limits shortened so far that a test can wait for their end.
SHORT_LIMITS = {
    "TICKET_SECONDS": "8",
    "WS_AUTH_SECONDS": "1",
    "WS_SESSION_SECONDS": "8",
    "WS_WINDOW_SECONDS": "2",
    "WS_REPLAY_LIMIT": "20",
    "WS_POLL_SECONDS": "1",
}

# The edge lets nobody wait for long; here only a machine that stalls makes one wait.
# The deadline itself has tests: config/tests/test_edge.py, and N8 of chaos.
API_DEADLINE_SECONDS = "20"

# One process for all of it, and one hash for all logins: both cost seconds otherwise.
# Guests and the administrator have a session already, whose cookie a browser is given.
_PREPARE = f"""
from django.contrib import auth
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import transaction
from apps.accounts.models import User
from apps.accounts.sessions import LOGIN, SessionStore
from apps.common import clock
call_command("migrate", verbosity=0)
call_command("setup_test_data", force=True, verbosity=0)
password = make_password("{PASSWORD}")
User.objects.bulk_create(
    User(username=f"{{kind}}-{{n}}", password=password)
    for kind in ("login", "guest") for n in range({LOGINS})
)
with transaction.atomic():
    for user in User.objects.filter(username__regex="^(guest-.*|admin)$"):
        session = SessionStore()
        session[auth.SESSION_KEY] = str(user.pk)
        session[auth.BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
        session[LOGIN] = {{"at": clock.now().isoformat()}}
        session._session_key = f"session-of-{{user.username}}"
        session.save(must_create=True)
call_command("create_service_key", "conformance", *{_SCOPE_ARGUMENTS})
"""


@dataclass(frozen=True)
class Prepared:
    """Migrated data with people and a service key, to be copied for each server."""

    data_dir: Path
    database_url: str
    service_id: str
    service_token: str


@dataclass(frozen=True)
class Running:
    """A server and the view of it from outside."""

    server: Server
    deployment: Deployment


def prepare(folder: Path, *, database_url: str = "") -> Prepared:
    """Migrate, make the demo's people, those who log in and a service key."""
    data_dir = folder / f"prepared-{uuid.uuid4().hex[:8]}"
    environment = {"DATA_DIR": str(data_dir), **_database(database_url)}
    printed = manage(environment, "shell", "-c", _PREPARE)
    service_id, service_token = _service_key(printed)
    return Prepared(data_dir, database_url, service_id, service_token)


def new_service_key(environment: Mapping[str, str], *scopes: str) -> tuple[str, str]:
    """Make a service key; say its id and its secret."""
    arguments = [f"--scope={scope}" for scope in scopes]
    printed = manage(environment, "create_service_key", "conformance", *arguments)
    return _service_key(printed)


def _service_key(printed: str) -> tuple[str, str]:
    facts = dict(line.split(": ", 1) for line in printed.splitlines() if ": " in line)
    return facts["X-Service-Id"], facts["X-Service-Token"]


def _database(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url} if url else {}


@dataclass
class Supply:
    """Starts servers, each with data of its own, and ends them all."""

    folder: Path
    _prepared: dict[str, Prepared] = field(default_factory=dict)
    _running: dict[str, Running] = field(default_factory=dict)
    _started: list[Server] = field(default_factory=list)
    _databases: list[tuple[str, str]] = field(default_factory=list)

    def shared(self, name: str, start: Callable[[], Running]) -> Running:
        """Return the server of this name, started by the first who asks."""
        if name not in self._running:
            self._running[name] = start()
        return self._running[name]

    def embedded(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        web_server: str = "uvicorn",
    ) -> Running:
        """Start a server of the embedded profile with fresh data."""
        prepared = self._prepared_data("")
        return self._start(prepared, environment or {}, web_server)

    def outside(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        postgres_url: str,
        redis_url: str,
        web_server: str = "uvicorn",
    ) -> Running:
        """Start a server on PostgreSQL and Redis, with nothing shared but these."""
        prepared = self._prepared_data(postgres_url)
        url = self._new_database(postgres_url, template=prepared.database_url)
        services = {
            "DATABASE_URL": url,
            "REDIS_URL": redis_url,
            "REDIS_PREFIX": uuid.uuid4().hex,
        }
        return self._start(prepared, {**(environment or {}), **services}, web_server)

    def data(self, *, postgres_url: str = "") -> dict[str, str]:
        """Copy the prepared data; say the environment of commands that use it."""
        prepared = self._prepared_data(postgres_url)
        data_dir = self.folder / f"data-{uuid.uuid4().hex[:8]}"
        shutil.copytree(prepared.data_dir, data_dir)
        environment = {"DATA_DIR": str(data_dir)}
        if postgres_url:
            url = self._new_database(postgres_url, template=prepared.database_url)
            environment["DATABASE_URL"] = url
        return environment

    def end_servers(self) -> None:
        """End every server; whoever asks for a shared one again gets a new one."""
        self._running.clear()
        for server in self._started:
            server.stop()
        self._started.clear()

    def stop(self) -> None:
        """End every server and drop every database."""
        self.end_servers()
        for postgres_url, name in self._databases:
            _execute(postgres_url, "DROP DATABASE {} WITH (FORCE)", name)

    def _prepared_data(self, postgres_url: str) -> Prepared:
        if postgres_url not in self._prepared:
            url = self._new_database(postgres_url) if postgres_url else ""
            self._prepared[postgres_url] = prepare(self.folder, database_url=url)
        return self._prepared[postgres_url]

    def _new_database(self, postgres_url: str, *, template: str = "template1") -> str:
        name = f"carillon_{uuid.uuid4().hex}"
        source = urlsplit(template).path.lstrip("/")
        _execute(postgres_url, "CREATE DATABASE {} TEMPLATE {}", name, source)
        self._databases.append((postgres_url, name))
        return urlsplit(postgres_url)._replace(path=f"/{name}").geturl()

    def _start(
        self,
        prepared: Prepared,
        environment: Mapping[str, str],
        web_server: str,
    ) -> Running:
        server = Server(
            self.folder / f"server-{uuid.uuid4().hex[:8]}",
            environment={
                "EXTRA_APPS": "tests.fake_domain",
                "WS_ALLOWED_ORIGINS": ALLOWED_ORIGIN,
                "LOG_LEVEL": "debug",
                "API_DEADLINE_SECONDS": API_DEADLINE_SECONDS,
                **environment,
            },
            web_server=web_server,
        )
        self._started.append(server)
        server.use_data_of(prepared.data_dir)
        server.start()
        deployment = Deployment(
            url=server.url,
            service_id=prepared.service_id,
            service_token=prepared.service_token,
            web_server=web_server,
            logins=[Login(f"login-{n}", PASSWORD) for n in range(LOGINS)],
            guests=[_with_session(f"guest-{n}", PASSWORD) for n in range(LOGINS)],
            administrator=_with_session("admin", "admin123"),
            data_dir=server.data_dir,
            environment=server.environment,
        )
        return Running(server, deployment)


def _with_session(username: str, password: str) -> Login:
    return Login(username, password, session=f"session-of-{username}")


def _execute(postgres_url: str, statement: str, *names: str) -> None:
    identifiers = [sql.Identifier(name) for name in names]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*identifiers))
