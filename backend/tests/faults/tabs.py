"""A browser tab as a program: it reads, acknowledges, and comes back when cut off."""

import http.client
import threading
from typing import Any

from tests.conformance.client import ClosedError, RefusedError, Socket
from tests.conformance.door import Person

# What a client meets while a server is away: refused, cut, or an answer that is no 2xx.
AWAY = (OSError, http.client.HTTPException, AssertionError, RefusedError, ClosedError)
ACKNOWLEDGE_EVERY = 16


class Tab(threading.Thread):
    """Receives until `expected` notifications have come, however often it is cut off.

    received: number and value of each, in the order of arrival, nothing left out.
    """

    def __init__(self, person: Person, *, expected: int) -> None:
        super().__init__(daemon=True)
        self.person = person
        self.expected = expected
        self.received: list[tuple[int, Any]] = []
        self.connections = 0
        self.is_open = threading.Event()
        self._position: dict[str, object] = {}
        self._stopped = threading.Event()

    def run(self) -> None:
        """Connect again and again."""
        while not (self._is_complete() or self._stopped.is_set()):
            try:
                self._read_one_connection()
            except AWAY:
                self._stopped.wait(0.05)

    def stop(self) -> None:
        """End, whatever is still missing."""
        self._stopped.set()

    def _is_complete(self) -> bool:
        return len(self.received) >= self.expected

    def _read_one_connection(self) -> None:
        socket = self.person.connect(**self._position)
        try:
            self.connections += 1
            self._read(socket)
        finally:
            socket.close()

    def _read(self, socket: Socket) -> None:
        while not (self._is_complete() or self._stopped.is_set()):
            try:
                frame = socket.next(seconds=0.5)
            except TimeoutError:
                continue
            if frame["type"] == "hello":
                self._position.setdefault("epoch", frame["stream"]["epoch"])
                self._position.setdefault("seq", 0)
            elif frame["type"] == "replay_end":
                self.is_open.set()
            elif frame["type"] == "server_notification":
                self._take(socket, frame)

    def _take(self, socket: Socket, frame: dict[str, Any]) -> None:
        self.received.append((frame["seq"], frame["value"]))
        self._position["seq"] = frame["seq"]
        if len(self.received) % ACKNOWLEDGE_EVERY == 0:
            socket.send("message_ack", up_to=frame["seq"])
