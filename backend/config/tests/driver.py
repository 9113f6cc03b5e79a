"""Call an ASGI application as a server would, without one."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Message = MutableMapping[str, Any]
Application = Callable[..., Awaitable[None]]
Headers = Iterable[tuple[str, str]]


@dataclass
class Answer:
    """What came back."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)


def scope(
    method: str = "GET",
    url: str = "/",
    headers: Headers = (),
    *,
    client: str = "127.0.0.1",
) -> dict[str, Any]:
    raw_path, _, query = url.partition("?")
    given = [(name.lower().encode(), value.encode("latin1")) for name, value in headers]
    if not any(name == b"host" for name, _ in given):
        given.append((b"host", b"localhost"))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(raw_path),
        "raw_path": raw_path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": given,
        "client": (client, 50_000),
        "server": ("localhost", 8000),
    }


class Connection:
    """One request on its way; its body comes in the chunks that are given."""

    def __init__(
        self,
        request: Mapping[str, Any],
        chunks: Iterable[bytes] = (b"",),
        *,
        ends: bool = True,
    ) -> None:
        self.request = dict(request)
        self.answer = Answer()
        self.chunks = list(chunks)
        self.ends = ends
        self.taken = 0
        self.complete = asyncio.Event()

    async def receive(self) -> Message:
        if self.taken < len(self.chunks):
            self.taken += 1
            more = not self.ends or self.taken < len(self.chunks)
            chunk = self.chunks[self.taken - 1]
            return {"type": "http.request", "body": chunk, "more_body": more}
        await self.complete.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        assert not self.complete.is_set(), "a message after the answer's end"
        if message["type"] == "http.response.start":
            self.answer.status = message["status"]
            self.answer.headers = {
                name.decode().lower(): value.decode()
                for name, value in message["headers"]
            }
            return
        self.answer.body += message.get("body", b"")
        if not message.get("more_body", False):
            self.complete.set()

    async def run(self, app: Application) -> Answer:
        await app(self.request, self.receive, self.send)
        return self.answer


async def call(
    app: Application,
    method: str = "GET",
    url: str = "/",
    *,
    headers: Headers = (),
    body: bytes = b"",
    client: str = "127.0.0.1",
) -> Answer:
    """Send one request and return the answer."""
    given = list(headers)
    if body:
        given.append(("Content-Length", str(len(body))))
    request = scope(method, url, given, client=client)
    return await Connection(request, [body]).run(app)
