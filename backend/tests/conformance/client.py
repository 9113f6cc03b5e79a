"""A WebSocket client that checks every frame it is sent against its shape."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.conformance.shapes import Frame, check_frame

SUBPROTOCOL = "carillon.v1"
FRAME_SECONDS = 20.0
# What the server says where a hint came too late or not at all (docs/protocol.md, I5).
REPLACED_BY = {"notification_state": "resync", "alert": "alerts"}


@dataclass(frozen=True)
class Closing:
    """How a connection ended; the frames that came before the close, in order."""

    code: int
    reason: str
    frames: list[Frame]

    @property
    def error(self) -> Frame | None:
        """Find the last error frame before the close."""
        errors = [f for f in self.frames if f["type"] == "message_processing_error"]
        return errors[-1] if errors else None


class ClosedError(Exception):
    """The connection ended while a frame was awaited."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}")
        self.code = code
        self.reason = reason


class HintLostError(Exception):
    """A hint was awaited, and what replaces one that was lost came instead."""


class RefusedError(Exception):
    """The handshake was answered by HTTP."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(f"the handshake was answered with {status}")
        self.status = status
        self.headers = headers


@dataclass(frozen=True)
class Greeting:
    """What comes between accept and live, in the order of the protocol."""

    hello: Frame
    snapshots: list[Frame]
    replayed: list[Frame]
    replay_end: Frame
    others: list[Frame]

    @property
    def position(self) -> dict[str, Any]:
        """Say the resume position after this greeting."""
        return {
            "epoch": self.hello["stream"]["epoch"],
            "seq": self.replay_end["seq"],
            "state": self.hello["state_version"],
        }


class Socket:
    """One open connection; all frames received so far are in `frames`."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._commands = 0
        self.frames: list[Frame] = []
        self.texts: list[str] = []

    @property
    def subprotocol(self) -> str | None:
        """Say the subprotocol that the server chose."""
        return self._connection.subprotocol

    def send(self, kind: str, **fields: object) -> None:
        """Send one frame."""
        self.send_text(json.dumps({"type": kind, **fields}))

    def send_text(self, text: str | bytes) -> None:
        """Send this as it is, str as a text frame and bytes as a binary one.

        Raises: ClosedError.
        """
        try:
            self._connection.send(text)
        except ConnectionClosed as closed:
            raise self._closed(closed) from None

    def next(self, *, seconds: float = FRAME_SECONDS) -> Frame:
        """Return the next frame, checked.

        Raises: TimeoutError, ClosedError.
        """
        try:
            text = self._connection.recv(timeout=seconds)
        except ConnectionClosed as closed:
            raise self._closed(closed) from None
        assert isinstance(text, str), "the server sent a binary frame"
        frame: Frame = json.loads(text)
        check_frame(frame)
        self.frames.append(frame)
        self.texts.append(text)
        return frame

    @staticmethod
    def _closed(closed: ConnectionClosed) -> ClosedError:
        received = closed.rcvd
        return ClosedError(
            received.code if received else 1006,
            received.reason if received else "",
        )

    def until(
        self,
        kind: str,
        *,
        seconds: float = FRAME_SECONDS,
        **fields: object,
    ) -> Frame:
        """Read on to a frame of this type with these values and return it.

        Raises: TimeoutError naming what was awaited, ClosedError, HintLostError.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = self.next(seconds=left)
            except TimeoutError:
                break
            if frame["type"] == kind and fields.items() <= frame.items():
                return frame
            if frame["type"] == REPLACED_BY.get(kind):
                message = f"{frame} instead of {kind} {fields}"
                raise HintLostError(message)
        message = f"no {kind} {fields} within {seconds:g} s; last: {self.frames[-3:]}"
        raise TimeoutError(message)

    def notifications(self, count: int, *, seconds: float = 20) -> list[Frame]:
        """Read on until this many further notifications have come; return them."""
        deadline = time.monotonic() + seconds
        return [
            self.until("server_notification", seconds=deadline - time.monotonic())
            for _ in range(count)
        ]

    def greeting(self) -> Greeting:
        """Read everything from accept to `replay_end`, insisting on the order."""
        hello = self.next()
        assert hello["type"] == "hello", f"the first frame is {hello!r}"
        snapshots: list[Frame] = []
        replayed: list[Frame] = []
        others: list[Frame] = []
        while True:
            frame = self.next()
            kind = frame["type"]
            if kind == "replay_end":
                return Greeting(hello, snapshots, replayed, frame, others)
            if kind in {"alerts", "mailings"}:
                assert not replayed, "a first snapshot came after the replay began"
                snapshots.append(frame)
            elif kind == "server_notification":
                replayed.append(frame)
            else:
                assert kind != "hello", "a second hello"
                others.append(frame)

    def quiet(self) -> list[Frame]:
        """Send a ping and return the frames that came before its answer.

        The server answers in order, so whatever it owed for earlier frames is there.
        """
        self._commands += 1
        name = f"quiet-{self._commands}"
        begin = len(self.frames)
        self.send("command", key="ping", id=name)
        self.until("command_processing_result", id=name)
        return self.frames[begin:-1]

    def refusal(self) -> Frame:
        """Read on to the next error frame and return it."""
        return self.until("message_processing_error")

    def closing(self, *, seconds: float = FRAME_SECONDS) -> Closing:
        """Read to the end of the connection; say how it ended.

        Raises: TimeoutError when the server leaves it open.
        """
        begin = len(self.frames)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                self.next(seconds=left)
            except ClosedError as closed:
                return Closing(closed.code, closed.reason, self.frames[begin:])
            except TimeoutError:
                break
        message = f"still open after {seconds:g} s; last: {self.frames[-3:]}"
        raise TimeoutError(message)

    def close(self) -> None:
        """Say goodbye."""
        self._connection.close()

    def cut(self) -> None:
        """End the TCP connection without a word."""
        self._connection.socket.close()


def open_socket(
    url: str,
    *,
    subprotocols: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    origin: str | None = None,
) -> Socket:
    """Shake hands.

    Raises: RefusedError when the server answers by HTTP.
    """
    try:
        connection = connect(
            url,
            subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            additional_headers=dict(headers or {}),
            origin=Origin(origin) if origin else None,
            compression=None,
            proxy=None,
            # The server's own pings are under test, ours would hide them.
            ping_interval=None,
            close_timeout=2,
            max_size=None,
            max_queue=None,
            legacy=True,
        )
    except InvalidStatus as refused:
        headers = dict(refused.response.headers.raw_items())
        raise RefusedError(refused.response.status_code, headers) from None
    except (InvalidHandshake, EOFError, ConnectionError) as problem:
        raise RefusedError(0, {"problem": str(problem)}) from None
    return Socket(connection)
