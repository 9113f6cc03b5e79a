"""Receive a user's notifications in Python and print each as one line of JSON.

    python docs/examples/python_client.py \
        --server http://127.0.0.1:8000 --token-file john.token --position john.position

The token file holds a token from `POST /api/auth/token/`. Started again, the program
goes on behind the last line that it printed. Needs the package `websockets`;
docs/protocol.md explains the frames.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

HELLO_WITHIN_SECONDS = 15
STABLE_AFTER_SECONDS = 60
RENEW_AGAIN_SECONDS = 5

# docs/protocol.md, "Close codes"
STOP = {
    1000: "the server said goodbye",
    4400: "the server did not understand this program",
    4403: "this stream belongs to somebody else",
    4409: "another connection of this user took its place",
    4413: "a frame was too large",
    4426: "this program is out of date",
}
WAIT_AT_LEAST_SECONDS = {4429: 10, 4503: 5}
NEW_LOGIN = 4401
NEW_EPOCH = 4410


class Finished(Exception):  # noqa: N818  (reads as what happened)
    """There is no point in connecting again; says why."""


@dataclass
class Position:
    """The last number and state version that were processed, and in which epoch."""

    epoch: str = ""
    seq: int = 0
    state: int = 0

    @classmethod
    def load(cls, file: Path) -> "Position":
        """Read the file; nothing was processed where there is none."""
        try:
            return cls(**json.loads(file.read_text()))
        except FileNotFoundError:
            return cls()

    def save(self, file: Path) -> None:
        """Write the file so that it is whole at every moment."""
        new = file.with_suffix(".new")
        with new.open("w") as opened:
            json.dump(asdict(self), opened)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)


class Backoff:
    """Waits uniform(0, min(30 s, 1 s · 2ⁿ)), from the start after a stable minute."""

    def __init__(self) -> None:
        """Start without a failure."""
        self._failures = 0
        self._connected_at = 0.0

    def connected(self) -> None:
        """Remember since when there is a connection."""
        self._connected_at = time.monotonic()

    def next_seconds(self) -> float:
        """Say how long to wait before the next attempt."""
        lasted = time.monotonic() - self._connected_at
        if self._connected_at and lasted > STABLE_AFTER_SECONDS:
            self._failures = 0
        self._connected_at = 0.0
        ceiling = min(30, 2**self._failures)
        self._failures += 1
        return random.uniform(0, ceiling)  # noqa: S311  (no secret)


class Client:
    """One user's notifications, for as long as the program runs."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Begin where the last run ended."""
        self._server: str = options.server.rstrip("/")
        self._token = Path(options.token_file).read_text().strip()
        self._file = Path(options.position)
        self._position = Position.load(self._file)
        self._backoff = Backoff()
        self._was_refused = False
        self._told_to_wait: float | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Stay connected.

        Raises: Finished when the server says not to come back.
        """
        while True:
            try:
                least = self._after_close(await self._one_connection())
            except urllib.error.HTTPError as error:
                least = _after_refused_ticket(error)
            except (OSError, TimeoutError, WebSocketException) as error:
                _say(f"no connection: {error!r}")
                least = 0.0
            await _pause(self._wait_seconds(least))

    def _wait_seconds(self, least: float) -> float:
        told, self._told_to_wait = self._told_to_wait, None
        return least + self._backoff.next_seconds() if told is None else told

    async def _one_connection(self) -> int:
        """Receive until the connection ends; say its close code."""
        ticket = await self._new_ticket()
        query = f"?{urlencode(asdict(self._position))}" if self._position.epoch else ""
        socket = await connect(
            f"{self._server.replace('http', 'ws', 1)}/ws/notifications/{query}",
            subprotocols=[Subprotocol("carillon.v1"), Subprotocol(f"ticket.{ticket}")],
            max_size=2**20,
            ping_interval=20,
            ping_timeout=10,
        )
        try:
            async with asyncio.timeout(HELLO_WITHIN_SECONDS):
                await self._handle(json.loads(await socket.recv()), socket)
            async for text in socket:
                await self._handle(json.loads(text), socket)
        except ConnectionClosed:
            pass
        finally:
            await socket.close()
            if self._renewal is not None:
                self._renewal.cancel()
        return socket.close_code or 1006

    async def _handle(self, frame: dict[str, Any], socket: ClientConnection) -> None:
        match frame["type"]:
            case "hello":
                self._greet(frame)
            case "server_notification":
                self._take(frame)
                await _send(socket, {"type": "message_ack", "keys": [frame["key"]]})
            case "replay_end":
                self._raise_to(seq=frame["seq"])
            case "notification_state":
                self._raise_to(state=frame["state_version"])
            case "going_away":
                self._told_to_wait = frame["reconnect_in_ms"] / 1000
            case "session_expiring":
                self._renewal = asyncio.create_task(self._renew(socket))
            case "message_processing_error":
                _say(f"the server says {frame['code']}: {frame['value']}")

    def _greet(self, hello: dict[str, Any]) -> None:
        stream = hello["stream"]
        is_ahead = self._position.seq > stream["last_seq"]
        if self._position.epoch != stream["epoch"] or is_ahead:
            # Everything that nobody acknowledged comes again, numbered anew.
            self._position = Position(epoch=stream["epoch"])
        self._was_refused = False
        self._backoff.connected()
        _say(f"connected, {hello['unread']} unread")

    def _take(self, notification: dict[str, Any]) -> None:
        """Print first, then write the position down, and only then acknowledge.

        Killed between the two, the program prints this one line again; it never
        misses one.
        """
        if notification["seq"] <= self._position.seq:
            return
        print(json.dumps(notification, ensure_ascii=False), flush=True)
        self._raise_to(seq=notification["seq"])

    def _raise_to(self, *, seq: int = 0, state: int = 0) -> None:
        self._position.seq = max(self._position.seq, seq)
        self._position.state = max(self._position.state, state)
        self._position.save(self._file)

    async def _renew(self, socket: ClientConnection) -> None:
        """Extend the session; until that works, the old one goes on to its end."""
        while True:
            try:
                ticket = await self._new_ticket()
                await _send(socket, {"type": "auth", "token": ticket})
            except (OSError, TimeoutError):
                await asyncio.sleep(RENEW_AGAIN_SECONDS)
            else:
                return

    async def _new_ticket(self) -> str:
        request = urllib.request.Request(  # noqa: S310  (the address is an option)
            f"{self._server}/api/auth/ticket/",
            method="POST",
            headers={"Authorization": f"Token {self._token}"},
        )
        return await asyncio.to_thread(_ticket, request)

    def _after_close(self, code: int) -> float:
        """Say how long to wait at least.

        Raises: Finished for codes that forbid to come back.
        """
        _say(f"closed with {code}")
        if code in STOP:
            raise Finished(STOP[code])
        if code == NEW_LOGIN:
            if self._was_refused:
                message = "the token is not valid any more"
                raise Finished(message)
            self._was_refused = True
        if code == NEW_EPOCH:
            self._position = Position()
        return WAIT_AT_LEAST_SECONDS.get(code, 0)


def _ticket(request: urllib.request.Request) -> str:
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        ticket: str = json.load(answer)["ticket"]
        return ticket


def _after_refused_ticket(error: urllib.error.HTTPError) -> float:
    if error.code in {401, 403}:
        message = "the token is not valid"
        raise Finished(message) from error
    _say(f"no ticket: {error}")
    return float(error.headers.get("Retry-After") or 0)


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def _send(socket: ClientConnection, frame: dict[str, Any]) -> None:
    # What arrived before the end is still to be read; the end itself is seen there.
    with contextlib.suppress(ConnectionClosed):
        await socket.send(json.dumps(frame))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Run until Ctrl-C or until the server says not to come back."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--server", required=True, help="http://127.0.0.1:8000")
    parser.add_argument("--token-file", required=True)
    parser.add_argument("--position", required=True, help="a file, made if missing")
    try:
        asyncio.run(Client(parser.parse_args()).run())
    except KeyboardInterrupt:
        return 0
    except Finished as reason:
        _say(f"finished: {reason}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
