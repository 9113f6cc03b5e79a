"""A place to listen at: a database, names of its own in RabbitMQ, processes."""

import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import psycopg
from psycopg import sql

from consumers.topology import Names
from tests.processes import clean_environment, manage, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
USERS = 20
_PREPARE = f"""
from django.core.management import call_command
from apps.accounts.models import User
call_command("migrate", verbosity=0)
from apps.events import services
from apps.events.policy import TemplateText
greeting = TemplateText(channel="in_app", locale="en", subject="Hello")
services.create({{"name": "Hello", "templates": [greeting]}}, owner=services.Owner())
User.objects.bulk_create(User(username=f"user{{n}}") for n in range({USERS}))
"""
# A tenth of the real ones, where a test waits for them.
SHORT = {
    "RABBITMQ_HEARTBEAT_SECONDS": "1",
    "RABBITMQ_CONNECT_SECONDS": "2",
    "RABBITMQ_RETRY_SECONDS": "1",
    "RABBITMQ_PAUSE_SECONDS": "1",
    "RABBITMQ_OUTBOX_SECONDS": "0.2",
    "RABBITMQ_CONFIRM_SECONDS": "3",
}


class Listener:
    """One `python -m consumers`."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.log_file = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "consumers"],
                cwd=ROOT,
                env=clean_environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def log(self) -> str:
        """Read what it has said."""
        return self.log_file.read_text(errors="replace")

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.popen.kill()
        self.popen.wait()

    def exit_code(self, *, seconds: float) -> int:
        """Wait for its end."""
        return self.popen.wait(seconds)

    def stop(self) -> int:
        """End it politely; say the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.exit_code(seconds=15)


@dataclass
class Station:
    """What one test needs, and what it looks at afterwards."""

    database_url: str
    rabbitmq_url: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    prefix: str = field(default_factory=lambda: f"{uuid.uuid4().hex[:8]}.")
    listeners: list[Listener] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rename(self.prefix)
        self.database = psycopg.connect(self.database_url, autocommit=True)
        self.broker = pika.BlockingConnection(pika.URLParameters(self.rabbitmq_url))
        self.channel = self.broker.channel()

    def rename(self, prefix: str) -> None:
        """Take other names in RabbitMQ."""
        self.prefix = prefix
        self.names = Names(prefix)

    def listen(self, **environment: str) -> Listener:
        """Start a listener."""
        listener = Listener(
            {
                "DATABASE_URL": self.database_url,
                "DATA_DIR": str(self.folder),
                "RABBITMQ_URL": self.rabbitmq_url,
                "RABBITMQ_PREFIX": self.prefix,
                **SHORT,
                **self.environment,
                **environment,
            },
            self.folder / f"listener-{len(self.listeners)}.log",
        )
        self.listeners.append(listener)
        return listener

    def listen_until_ready(self, **environment: str) -> Listener:
        """Start a listener and wait until it consumes."""
        before = self.consumers()
        listener = self.listen(**environment)
        self.wait(lambda: self.consumers() > before, "consuming")
        return listener

    def close(self) -> None:
        """End the listeners and remove what is in RabbitMQ."""
        for listener in self.listeners:
            listener.kill()
        self.database.close()
        if self.broker.is_closed:
            return
        self._fresh_channel()
        for queue in (self.names.send, self.names.dead, self.names.results):
            self.channel.queue_delete(queue)
        self.channel.exchange_delete(self.names.exchange)
        self.broker.close()

    def wait(self, condition: Any, what: str, *, seconds: float = 30) -> None:
        """Wait for a condition, with what the listeners say if it does not come."""
        try:
            wait_until(condition, seconds=seconds, what=what, interval=0.05)
        except AssertionError as error:
            logs = "\n".join(each.log()[-3000:] for each in self.listeners)
            message = f"{error}\n{logs}"
            raise AssertionError(message) from None

    def publish(
        self,
        body: object,
        *,
        key: str = "notifications.send",
        **properties: Any,
    ) -> None:
        """Publish to the one exchange."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.channel.basic_publish(
            self.names.exchange,
            key,
            raw,
            pika.BasicProperties(delivery_mode=2, **properties),
        )

    def results(self, count: int) -> list[tuple[Any, dict[str, Any]]]:
        """Take results; each with its properties."""
        taken: list[tuple[Any, dict[str, Any]]] = []

        def enough() -> bool:
            method, properties, body = self.channel.basic_get(
                self.names.results, auto_ack=True
            )
            if method is not None:
                taken.append((properties, json.loads(body)))
            return len(taken) >= count

        self.wait(enough, f"{count} results")
        return taken

    def waiting(self, queue: str) -> int:
        """Count messages that are ready in a queue."""
        return self._declared(queue)[0]

    def consumers(self) -> int:
        """Count who consumes what is to be sent."""
        return self._declared(self.names.send)[1]

    def user_ids(self) -> list[int]:
        """List the users."""
        query = "SELECT id FROM accounts_user WHERE username LIKE 'user%' ORDER BY id"
        return [row[0] for row in self.rows(query)]

    def an_event(self) -> int:
        """Return the id of the event that there is."""
        [(event_id,)] = self.rows("SELECT id FROM events_event")
        return int(event_id)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        return self.database.execute(query.encode()).fetchall()

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        row = self.database.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def notifications(self) -> int:
        """Count what users have."""
        return self.count("notifications_notification")

    def dead(self) -> int:
        """Count the dead letters in the table."""
        return self.count("consumers_deadletter")

    def _declared(self, queue: str) -> tuple[int, int]:
        try:
            method = self.channel.queue_declare(queue, passive=True).method
        except pika.exceptions.ChannelClosedByBroker:
            self._fresh_channel()
            return 0, 0
        return method.message_count, method.consumer_count

    def _fresh_channel(self) -> None:
        self.channel = self.broker.channel()


def new_database(postgres_url: str, *, template: str = "template1") -> str:
    """Make a database; say its URL."""
    name = f"carillon_{uuid.uuid4().hex}"
    source = urlsplit(template).path.lstrip("/")
    _execute(postgres_url, "CREATE DATABASE {} TEMPLATE {}", [name, source])
    return urlsplit(postgres_url)._replace(path=f"/{name}").geturl()


def drop_database(postgres_url: str, url: str) -> None:
    """Remove a database, whoever uses it."""
    name = urlsplit(url).path.lstrip("/")
    _execute(postgres_url, "DROP DATABASE {} WITH (FORCE)", [name])


def prepared_database(postgres_url: str, folder: Path) -> str:
    """Make a migrated database with users, to be copied; say its URL."""
    url = new_database(postgres_url)
    environment = {"DATABASE_URL": url, "DATA_DIR": str(folder)}
    manage(environment, "shell", "-c", _PREPARE)
    return url


def _execute(postgres_url: str, statement: str, names: Sequence[str]) -> None:
    identifiers = [sql.Identifier(name) for name in names]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*identifiers))
