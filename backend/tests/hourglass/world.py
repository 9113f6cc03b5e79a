"""Somebody with a page open and every address, and whatever reaches them."""

import asyncio
import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http import HTTPStatus
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from channels.testing import HttpCommunicator, WebsocketCommunicator
from django.conf import settings
from django.test import Client

from apps.accounts.models import User, UserProfile
from apps.delivery.tests.faulty_server import FaultyServer, Request, head
from apps.notifications.tests.clients import a_token
from config.asgi import application

SECONDS = 20
EXITS = ("in_app", "email", "sms", "telegram", "webhook")


class Mailbox:
    """A mail server that keeps what it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def handle_DATA(  # noqa: N802  (aiosmtpd's)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        body = mail.get_body(("plain",))
        text = body.get_content() if body else ""
        self.texts.append(f"{mail['Subject']} {text}")
        return "250 OK"


@dataclass
class World:
    """The person, an administrator at that; the program; and the providers."""

    person: User
    token: str
    browser: Client
    providers: FaultyServer
    mailbox: Mailbox
    loop: asyncio.AbstractEventLoop
    texts: list[str] = field(default_factory=list)

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Call the program over HTTP, as a server would.

        Raises: AssertionError unless it says yes.
        """
        status, text = self._answer(path, body)
        while status == HTTPStatus.SERVICE_UNAVAILABLE:
            # The edge lets nobody wait for long; the same key makes it the same call.
            status, text = self._answer(path, body)
        assert 200 <= status < 300, (path, status, text)

    def _answer(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        answered = asyncio.run_coroutine_threadsafe(self._posted(path, body), self.loop)
        return answered.result(SECONDS)

    async def _posted(self, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        content = json.dumps(body).encode()
        headers = {
            "host": "localhost",
            "content-type": "application/json",
            "content-length": str(len(content)),
            "authorization": f"Token {self.token}",
            "idempotency-key": hashlib.sha256(content).hexdigest(),
        }
        call = HttpCommunicator(
            application,
            "POST",
            path,
            body=content,
            headers=[(name.encode(), said.encode()) for name, said in headers.items()],
        )
        answer = await call.get_response(SECONDS)
        await call.wait(SECONDS)
        return answer["status"], answer["body"]

    async def look(self, opened: threading.Event) -> None:
        """Keep a page open, note what comes, and acknowledge it."""
        headers = [(b"authorization", f"Token {self.token}".encode())]
        page = WebsocketCommunicator(application, "/ws/notifications/", headers)
        assert (await page.connect(timeout=SECONDS))[0]
        while True:
            frame = json.loads(await page.receive_from(timeout=10 * SECONDS))
            if frame["type"] == "replay_end":
                opened.set()
            if frame["type"] in {"server_notification", "alert"}:
                self.texts.append(json.dumps(frame))
            if frame["type"] == "server_notification":
                await page.send_json_to({"type": "message_ack", "key": frame["key"]})

    def left(self) -> dict[str, list[str]]:
        """Return what has reached the person, by way out."""
        sent = [(each.path, each.body.decode()) for each in self.providers.requests]
        return {
            "in_app": list(self.texts),
            "email": list(self.mailbox.texts),
            "sms": [text for path, text in sent if path.startswith("/v1/send/")],
            "telegram": [text for path, text in sent if "/sendMessage" in path],
            "webhook": [text for path, text in sent if path == "/hook"],
        }


@contextmanager
def a_world() -> Iterator[World]:
    """Start the providers, open the page."""
    mailbox = Mailbox()
    with FaultyServer(_taken) as providers, _mail_server(mailbox), _loop() as loop:
        settings.SMS_GATEWAY_URL = settings.TELEGRAM_API_URL = providers.url
        settings.TELEGRAM_BOT_TOKEN = "1:canary"
        settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
        settings.ALLOWED_HOSTS = ["*"]
        person = _person(f"{providers.url}/hook")
        browser = Client()
        browser.force_login(person)
        world = World(person, a_token(person), browser, providers, mailbox, loop)
        opened = threading.Event()
        asyncio.run_coroutine_threadsafe(world.look(opened), loop)
        assert opened.wait(SECONDS), "the page did not open"
        yield world


def _person(hook: str) -> User:
    person = User.objects.create(
        username="tess",
        email="tess@example.org",
        is_admin=True,
        is_staff=True,
        is_superuser=True,
    )
    UserProfile.objects.create(
        user=person,
        phone="79110000000",
        telegram_chat_id="5",
        addresses={"webhook": hook},
    )
    return person


def _taken(request: Request) -> Iterator[bytes]:
    if "sendMessage" in request.path:
        body = b'{"ok": true, "result": {"message_id": 1}}'
    else:
        body = b'{"code": 0, "message": "OK"}'
    yield head(200, len(body)) + body


@contextmanager
def _mail_server(mailbox: Mailbox) -> Iterator[None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, ready_timeout=SECONDS
    )
    controller.start()
    settings.EMAIL_BACKEND = "apps.delivery.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield
    controller.stop()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
