"""One deployment as a test uses it: people, their sockets, and services that send."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.conformance.client import SUBPROTOCOL, RefusedError, Socket, open_socket
from tests.conformance.shapes import Frame
from tests.conformance.web import Web

SOCKET_PATH = "/ws/notifications/"


@dataclass(frozen=True)
class Login:
    """A user name and a password that a test may use up.

    session: the cookie of a session that is open already; "" where there is none.
    """

    username: str
    password: str
    session: str = ""


@dataclass
class Deployment:
    """Where to connect and as whom.

    web_server: "uvicorn" or "daphne", which cannot do four things (see `lacks`).
    logins: people who can log in; every test that changes one takes it out.
    guests: the same, with a session, for tests that need not see how one logs in.
    administrator: of the demo, with a session.
    data_dir: of a server that the suite started itself; None for one elsewhere.
    """

    url: str
    service_id: str
    service_token: str
    web_server: str = "uvicorn"
    logins: list[Login] = field(default_factory=list)
    guests: list[Login] = field(default_factory=list)
    administrator: Login = Login("", "")
    data_dir: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def socket_url(self) -> str:
        """Say the scheme and host for sockets."""
        return self.url.replace("http", "ws", 1)

    @property
    def anonymous(self) -> Web:
        """Call without any credential."""
        return Web(self.url, {})

    @property
    def service(self) -> Web:
        """Call as the service whose key this is."""
        return self.anonymous.signed(
            X_Service_Id=self.service_id,
            X_Service_Token=self.service_token,
        )


@dataclass(frozen=True)
class Person:
    """A user with an empty inbox, as the service that made them sees them."""

    door: "Door"
    id: int

    def ticket(self) -> str:
        """Get a ticket."""
        return str(self._mint()["ticket"])

    @property
    def inbox(self) -> Web:
        """Call the inbox API as this person."""
        token = self._mint()["inbox_token"]
        return self.door.deployment.anonymous.signed(Authorization=f"Token {token}")

    def _mint(self) -> dict[str, Any]:
        service = self.door.deployment.service
        minted: dict[str, Any] = service.post(
            "/api/auth/ticket/",
            {"user_id": self.id},
        )
        return minted

    def connect(self, **position: object) -> Socket:
        """Open a socket with a fresh ticket, from this resume position on."""
        query = urlencode(position)
        return self.door.open(self.ticket(), query=query)

    def tab(self, **position: object) -> Socket:
        """Open a socket and read its greeting."""
        socket = self.connect(**position)
        socket.greeting()
        return socket

    def send(self, payload: object, **fields: object) -> dict[str, Any]:
        """Have the service send this person a notification; return the answer."""
        sent: dict[str, Any] = self.door.deployment.service.post(
            "/api/notifications/send/",
            {"user_id": self.id, "payload": payload, **fields},
        )
        return sent

    def send_many(self, count: int, *, padding: int = 0) -> list[dict[str, Any]]:
        """Have the service send `count` notifications `{"n": 0}`, `{"n": 1}` … at once.

        padding: characters that make each payload larger.
        """
        results: list[dict[str, Any]] = []
        batch = 500 if not padding else max(1, 900_000 // padding)
        for begin in range(0, count, batch):
            drafts = [
                {"user_id": self.id, "payload": {"n": n, "padding": "x" * padding}}
                for n in range(begin, min(count, begin + batch))
            ]
            answer = self.door.deployment.service.post(
                "/api/notifications/send/bulk/",
                {"notifications": drafts},
            )
            results += answer["results"]
        assert all(result["status"] == "created" for result in results)
        return results


@dataclass(frozen=True)
class Member:
    """A person who logs in with a password and holds a token."""

    login: Login
    user_id: int
    web: Web
    token: str


class Door:
    """What one test does at a deployment; `leave` closes the sockets it opened."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._sockets: list[Socket] = []

    def leave(self) -> None:
        """Close what is open."""
        for socket in self._sockets:
            socket.close()

    def person(self) -> Person:
        """Make a user whom nobody else knows."""
        name = f"conformance-{uuid.uuid4().hex}"
        made = self.deployment.service.put(
            f"/api/users/by-external-id/{name}/",
            {"username": name, "first_name": "Con", "last_name": "Formance"},
        )
        return Person(self, made["id"])

    def member(self) -> Member:
        """Take a login out of the supply and log in for a token."""
        login = self.deployment.logins.pop()
        token, web = self.log_in(login)
        return Member(login, web.get("/api/user/me/")["id"], web, token)

    def log_in(self, login: Login) -> tuple[str, Web]:
        """Get a token."""
        answer = self.deployment.anonymous.post(
            "/api/auth/token/",
            {"username": login.username, "password": login.password},
        )
        token = str(answer["token"])
        return token, self.deployment.anonymous.signed(Authorization=f"Token {token}")

    def open(
        self,
        ticket: str | None = None,
        *,
        path: str = SOCKET_PATH,
        query: str = "",
        subprotocols: Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
        origin: str | None = None,
    ) -> Socket:
        """Open a socket; a ticket travels among the subprotocols unless they are given.

        Raises: RefusedError.
        """
        if subprotocols is None:
            subprotocols = [SUBPROTOCOL, f"ticket.{ticket}"] if ticket else []
        socket = open_socket(
            f"{self.deployment.socket_url}{path}{f'?{query}' if query else ''}",
            subprotocols=subprotocols,
            headers=headers,
            origin=origin,
        )
        self._sockets.append(socket)
        return socket

    def open_by_url(self, token: str, *, path: str = SOCKET_PATH) -> Socket:
        """Open a socket with this in `?token=`."""
        return self.open(path=path, query=f"token={quote(token, safe='')}")

    def status_of(self, **options: Any) -> int:
        """Try to open a socket; say the HTTP status, 101 if it opens."""
        try:
            self.open(**options)
        except RefusedError as refused:
            return refused.status
        return 101

    def own_origin(self) -> str:
        """Say the origin of a page that this deployment serves."""
        parts = urlsplit(self.deployment.url)
        return f"{parts.scheme}://{parts.netloc}"


def values(frames: Sequence[Frame]) -> list[Any]:
    """List the `n` of notifications sent by `send_many`."""
    return [frame["value"]["n"] for frame in frames]


def numbers(frames: Sequence[Frame]) -> list[int]:
    """List the numbers of notifications."""
    return [frame["seq"] for frame in frames]
