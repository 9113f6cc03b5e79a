"""A whole deployment that a run alone uses, with a bad network between its parts."""

import json
import secrets
import shutil
import tempfile
import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.chaos.pages import Person
from tests.chaos.proxy import FaultProxy
from tests.chaos.services import Postgres, RabbitMQ, Redis
from tests.compose.scripts import Part
from tests.processes import Server, manage
from tooling.services import programs

SERVERS = 2
PARTS = ("worker", "beat", "rabbitmq_consumer")

# One process for all of it; the tokens go to a file, since there may be thousands.
_PREPARE = """
import json, pathlib
from datetime import timedelta
from django.core.management import call_command
from knox.models import get_digest_token
from apps.accounts.models import AuthToken, Team, User
from apps.common import clock
call_command("migrate", verbosity=0)
people = User.objects.bulk_create(
    User(username=f"chaos-{{n}}", password="!") for n in range({people})
)
made = [get_digest_token() for _ in people]
expiry = clock.now() + timedelta(days=1)
AuthToken.objects.bulk_create(
    AuthToken(digest=digest, token_key="", user=user, expiry=expiry)
    for user, (digest, _) in zip(people, made)
)
tokens = [[user.pk, token] for user, (_, token) in zip(people, made)]
pathlib.Path({file!r}).write_text(json.dumps(tokens))
call_command(
    "create_service_key",
    "chaos",
    *("--scope=notify:send", "--scope=notify:broadcast", "--scope=tickets:mint"),
)
print("team:", Team.objects.create(name="chaos").pk)
"""


class Site:
    """PostgreSQL, Redis, two servers, and a proxy before each of these.

    people: users whom no run has taken yet; each takes fresh ones.
    front: what clients connect to; behind it both servers.
    is_patient: the machine may stall for seconds, as those of test runs do; so what it
    takes is judged where waiting for a dead part would show, not to the promise.
    """

    people: list[Person]

    def __init__(
        self, *, people: int, rabbitmq_url: str = "", is_patient: bool = False
    ) -> None:
        self.is_patient = is_patient
        self._stack = ExitStack()
        try:
            self._start(people, rabbitmq_url)
        except BaseException:
            self.stop()
            raise

    def _start(self, people: int, rabbitmq_url: str) -> None:
        programs.ensure(["postgresql", "redis"])
        self.folder = Path(tempfile.mkdtemp(prefix="carillon-chaos-"))
        self.folder.chmod(0o755)  # PostgreSQL may run as another user
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.postgres = Postgres(self._subfolder("postgresql"))
        self._stack.callback(self.postgres.stop)
        self.redis = Redis(self._subfolder("redis"))
        self._stack.callback(self.redis.stop)
        self.redis_proxy = FaultProxy.before(self.redis.url)
        self._stack.callback(self.redis_proxy.stop)
        self.rabbitmq: RabbitMQ | None = None
        self._given_rabbitmq_url = rabbitmq_url
        self._prepare(people)
        self.servers = [self._server(n) for n in range(SERVERS)]
        for server in self.servers:
            self._stack.callback(server.stop)
            server.start()
        self.front = FaultProxy([("127.0.0.1", each.port) for each in self.servers])
        self._stack.callback(self.front.stop)

    def stop(self) -> None:
        """End everything and remove what it left."""
        self._stack.close()

    @property
    def url(self) -> str:
        """Say where clients connect."""
        return f"http://127.0.0.1:{self.front.port}"

    def take_people(self, count: int) -> list[Person]:
        """Take users whom no other run has."""
        taken, self.people = self.people[:count], self.people[count:]
        assert len(taken) == count, "the site was made with too few people"
        return taken

    def team_of(self, people: Iterable[Person]) -> int:
        """Put these people into the one team there is; say its id."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            connection.execute(
                "UPDATE accounts_user SET team_id = CASE WHEN id = ANY(%s)"
                " THEN %s::bigint END",
                [[person.id for person in people], self._team],
            )
        return self._team

    def stored(self, people: Iterable[Person]) -> list[tuple[int, int, str]]:
        """List the notifications of these people: user, number, message."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            rows = connection.execute(
                "SELECT recipient_id, seq, payload FROM notifications_notification"
                " WHERE recipient_id = ANY(%s)",
                [[person.id for person in people]],
            ).fetchall()
        return [(user, seq, json.loads(text)["message"]) for user, seq, text in rows]

    def database_connections(self) -> int:
        """Count the connections to the database, our own left out."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()",
            ).fetchone()
        assert row is not None
        return int(row[0])

    # The parts beside the servers, for those who ask for them.

    @cached_property
    def parts(self) -> list[Part]:
        """Start the worker, its timetable and the consumer."""
        if not self._given_rabbitmq_url:
            programs.ensure(["rabbitmq"])
            self.rabbitmq = RabbitMQ(self._subfolder("rabbitmq"))
            self._stack.callback(self.rabbitmq.stop)
            self._given_rabbitmq_url = self.rabbitmq.url
        environment = {
            **self.environment,
            "RABBITMQ_URL": self._given_rabbitmq_url,
            "RABBITMQ_PREFIX": self.rabbitmq_prefix,
            "WORKER_CONCURRENCY": "2",
            "SECRETS_DIR": str(self.folder),
            "BEAT_SCHEDULE": str(self.folder / "beat"),
        }
        made = [
            Part(name, folder=self.folder, environment=environment) for name in PARTS
        ]
        for part in made:
            self._stack.callback(part.kill)
            part.start()
        return made

    @property
    def rabbitmq_url(self) -> str:
        """Say where the consumer listens; there once `parts` are."""
        return self._given_rabbitmq_url

    # How it is made.

    def _subfolder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder

    def _prepare(self, people: int) -> None:
        name = f"chaos_{uuid.uuid4().hex}"
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        self.rabbitmq_prefix = f"{name[-8:]}."
        redis_url = self.redis_proxy.instead_of(self.redis.url)
        self.environment = {
            "DATABASE_URL": urlsplit(self.postgres.url)
            ._replace(path=f"/{name}")
            .geturl(),
            "REDIS_URL": redis_url,
            "CELERY_BROKER_URL": f"{redis_url[:-1]}1",
            "SECRET_KEY": secrets.token_hex(32),
            "DATA_DIR": str(self.folder / "data"),
            "LOG_LEVEL": "warning",
            # What the poll heals is on time with room to spare.
            **({"WS_POLL_SECONDS": "2"} if self.is_patient else {}),
        }
        file = self.folder / "tokens.json"
        code = _PREPARE.format(people=people, file=str(file))
        printed = manage(self.environment, "shell", "-c", code)
        facts = dict(
            line.split(": ", 1) for line in printed.splitlines() if ": " in line
        )
        self.headers = {
            name: facts[name] for name in ("X-Service-Id", "X-Service-Token")
        }
        self._team = int(facts["team"])
        self.people = [Person(*row) for row in json.loads(file.read_text())]

    def _server(self, number: int) -> Server:
        folder = self.folder / f"server-{number}"
        return Server(folder, environment=self.environment)
