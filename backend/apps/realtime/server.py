"""Uvicorn, hardened: clients that do not read are ended, and a stop drains.

Uvicorn itself waits for a flush that a stuck client never lets happen: after a ping
time-out, after a close and at shutdown. Here each of these ends in `transport.abort()`.
"""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import uvicorn
from django.conf import settings
from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)

from apps.common import garbage, status, watchdog
from apps.common.stalling import Guard
from apps.realtime.consumer import ABORT_EXTENSION, WRITE_EXTENSION
from apps.realtime.hub import hub_of_this_loop

# Larger than a frame may be, so that the application can say why it closes.
LIBRARY_FRAME_LIMIT = 65_536
GRACE_SECONDS = 2
KEEP_ALIVE_SECONDS = 30
BACKLOG = 2048
NOT_UTF8 = 1007  # RFC 6455, section 7.4.1
BYTES_AFTER_CLOSE = LIBRARY_FRAME_LIMIT
BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
)


class _Turn:
    """The sockets that a loop writes to at the end of this turn of it.

    One callback for all of them: a broadcast would else schedule thousands.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._call_soon = loop.call_soon
        self._sockets: list[Socket] = []

    def add(self, each: "Socket") -> None:
        if not self._sockets:
            self._call_soon(self._end)
        self._sockets.append(each)

    def _end(self) -> None:
        sockets, self._sockets = self._sockets, []
        for each in sockets:
            each.uncork()


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turn] = WeakKeyDictionary()


def _turn_of(loop: asyncio.AbstractEventLoop) -> _Turn:
    if loop not in _turns:
        _turns[loop] = _Turn(loop)
    return _turns[loop]


class Socket(WebSocketsSansIOProtocol):
    """Uvicorn's protocol with an end for clients that do not read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Shorten the wait for an answer to our close."""
        super().__init__(*args, **kwargs)
        self.close_timeout = settings.WS_CLOSE_SECONDS
        self._bytes_after_close = 0
        self._corked: list[bytes] = []
        self._turn = _turn_of(self.loop)

    def handle_connect(self, event: Any) -> None:
        """Offer the application a way to abort."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            extensions: Any = self.scope["extensions"]
            extensions[ABORT_EXTENSION] = self.transport.abort
            extensions[WRITE_EXTENSION] = self.write_now

    def data_received(self, data: bytes) -> None:
        """Answer an opening request that the library cannot read.

        The library keeps silent then, for instance where a line is longer than 8 KiB.
        A client that sends on and on after our close is not waiting for it: reading
        that would keep the loop from everybody else.
        """
        if self.close_sent:
            self._bytes_after_close += len(data)
            if self._bytes_after_close > BYTES_AFTER_CLOSE:
                self.transport.abort()
                return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.handshake_initiated = True
            self.transport.write(BAD_REQUEST)
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """End a client whose text is not UTF-8 before the library logs a traceback."""
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self.conn.send_close(NOT_UTF8)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()

    def write_now(self, frame: bytes) -> bool:
        """Take an encoded frame if the client reads; say whether it was taken.

        The frames of one turn of the loop are written together: a write is a system
        call, and dearer than all the rest.
        """
        if self.close_sent or self.disconnected or not self.writable.is_set():
            return False
        if not self._corked:
            self._turn.add(self)
        self._corked.append(frame)
        return True

    def uncork(self) -> None:
        """Write what this turn of the loop has collected."""
        frames, self._corked = self._corked, []
        if frames and not self.close_sent and not self.transport.is_closing():
            self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def keepalive_timeout(self) -> None:
        """End a client that did not answer a ping."""
        self.transport.abort()

    async def send(self, message: Any) -> None:
        """Send, and give a close only so long to get through."""
        self.uncork()
        if message["type"] != "websocket.close":
            await super().send(message)
            return
        self.loop.call_later(self.close_timeout, self._abort_if_open)
        await super().send(message)

    def shutdown(self) -> None:
        """Stop at the end of the process without waiting for the client."""
        self.uncork()
        super().shutdown()
        self.loop.call_later(GRACE_SECONDS / 2, self._abort_if_open)

    def _abort_if_open(self) -> None:
        if not self.disconnected:
            self.transport.abort()


class Server(uvicorn.Server):
    """Uvicorn's server that says goodbye before it closes."""

    def __init__(
        self, config: uvicorn.Config, *, before_stop: Callable[[], None]
    ) -> None:
        """Keep what to stop besides, such as the worker threads."""
        super().__init__(config)
        self._before_stop = before_stop
        self.guard = Guard("web", patience_seconds=settings.STALL_SECONDS)

    async def on_tick(self, counter: int) -> bool:
        """Show, ten times a second, that the loop turns."""
        self.guard.sign()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain the sockets, stop the workers, then stop serving."""
        _exit_after(settings.SHUTDOWN_SECONDS)
        self.guard.stop()
        status.set_draining(True)
        await hub_of_this_loop().drain()
        await asyncio.to_thread(self._before_stop)
        await super().shutdown(sockets)


def run(*, host: str, port: int, before_stop: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        "config.asgi:application",
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws=Socket,
        ws_max_size=LIBRARY_FRAME_LIMIT,
        ws_ping_interval=settings.WS_PING_SECONDS,
        ws_ping_timeout=settings.WS_PONG_SECONDS,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=max(1, int(settings.SHUTDOWN_SECONDS) - 1),
    )
    # Uvicorn raises the signal again when it is done; by then there is nothing to stop.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    watchdog.start()
    server = Server(config, before_stop=before_stop)
    if not settings.CELERY_IS_EMBEDDED:
        # Where there are several processes, somebody starts this one again.
        server.guard.start()
    garbage.keep_imports()
    server.run()
    watchdog.stop()


def _exit_after(seconds: float) -> None:
    """End the process at the latest then; leases make that safe."""
    timer = threading.Timer(seconds, os._exit, args=(0,))
    timer.daemon = True
    timer.start()
