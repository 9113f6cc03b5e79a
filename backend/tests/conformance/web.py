"""HTTP as a client speaks it: one request, one answer, nothing hidden."""

import contextlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case; `set-cookie` joined) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Web:
    """Requests to one server with one set of headers."""

    url: str
    headers: Mapping[str, str]

    def signed(self, **headers: str) -> "Web":
        """Make the same with further headers; `_` in a name stands for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Web(self.url, {**self.headers, **named})

    def request(self, method: str, path: str, body: object = None) -> Answer:
        """Send one request; a body that is not bytes is sent as JSON."""
        parts = urlsplit(self.url)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(parts.netloc, timeout=TIMEOUT_SECONDS)
        headers = dict(self.headers)
        data = body if isinstance(body, bytes) else None
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            data = data if data is not None else json.dumps(body).encode()
        with contextlib.closing(connection):
            connection.request(method, path, body=data, headers=headers)
            response = connection.getresponse()
            received: dict[str, str] = {}
            for name, value in response.getheaders():
                key = name.lower()
                received[key] = (
                    f"{received[key]}, {value}" if key in received else value
                )
            return Answer(response.status, received, response.read())

    def get(self, path: str) -> Any:
        """Read a document that is there."""
        return self._expect(self.request("GET", path), "GET", path)

    def post(self, path: str, body: object = None) -> Any:
        """Send a body that is right; return the decoded answer, None without one."""
        return self._expect(self.request("POST", path, body), "POST", path)

    def put(self, path: str, body: object) -> Any:
        """Put a document that is right; return the decoded answer."""
        return self._expect(self.request("PUT", path, body), "PUT", path)

    @staticmethod
    def _expect(answer: Answer, method: str, path: str) -> Any:
        message = f"{method} {path}: {answer.status} {answer.body[:500]!r}"
        assert 200 <= answer.status < 300, message
        return answer.json() if answer.body else None
