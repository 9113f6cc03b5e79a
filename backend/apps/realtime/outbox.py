"""What waits to be written to one socket."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from apps.push import protocol
from apps.realtime import wire

logger = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]
WriteNow = Callable[[bytes], bool]


class Outbox:
    """Frames in order, written by their own task, so that nobody waits for a socket.

    When more than `limit` bytes wait, `overflow` is called once and nothing more is
    taken: the client is too slow and will resume later.
    """

    def __init__(
        self,
        send: Send,
        *,
        limit: int,
        overflow: Callable[[], None],
        write_now: WriteNow | None = None,
    ) -> None:
        """Keep the socket's send function; `limit` is in bytes.

        write_now: takes an encoded frame at once, or says that the socket is not
        writable just now; where a server has no such thing, everything is queued.
        """
        self._send = send
        self._write_now = write_now
        self._limit = limit
        self._overflow = overflow
        self._messages: deque[tuple[dict[str, Any], int]] = deque()
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False
        self._drained: Callable[[], None] | None = None

    @property
    def is_closed(self) -> bool:
        """Say whether it takes no more frames."""
        return self._is_closed

    @property
    def is_empty(self) -> bool:
        """Say whether everything was handed to the server."""
        return not self._messages and (self._task is None or self._task.done())

    @property
    def has_room(self) -> bool:
        """Say whether it is less than half full; what can wait elsewhere should."""
        return self._bytes * 2 < self._limit

    def when_drained(self, drained: Callable[[], None]) -> None:
        """Call `drained` each time that everything was handed to the server."""
        self._drained = drained

    def put(self, frame: str) -> None:
        """Write a text frame where nothing waits before it, else queue it."""
        if self._is_closed:
            return
        write_now = self._write_now if self.is_empty else None
        if write_now is not None and write_now(wire.encoded(frame)):
            return
        size = protocol.size(frame)
        if self._bytes + size > self._limit:
            self._is_closed = True
            self._overflow()
            return
        self._append({"type": "websocket.send", "text": frame}, size)

    def close(self, code: int, reason: str = "") -> None:
        """Queue the close; nothing is taken after it."""
        if self._is_closed:
            return
        self._is_closed = True
        message = {"type": "websocket.close", "code": code, "reason": reason}
        self._append(message, 0)

    def force_close(self, code: int) -> None:
        """Drop what waits and close, where the server offers no way to abort."""
        self.stop()
        self._append({"type": "websocket.close", "code": code}, 0)

    def stop(self) -> None:
        """Write nothing more: the socket is gone."""
        self._is_closed = True
        self._messages.clear()
        self._bytes = 0
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _append(self, message: dict[str, Any], size: int) -> None:
        self._messages.append((message, size))
        self._bytes += size
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        while self._messages:
            message, size = self._messages[0]
            try:
                await self._send(message)
            except (OSError, RuntimeError):
                # The server says so when the socket went away under our hands.
                self._is_closed = True
                self._messages.clear()
                return
            self._messages.popleft()
            self._bytes -= size
            if not self._messages and self._drained is not None:
                self._drained()
