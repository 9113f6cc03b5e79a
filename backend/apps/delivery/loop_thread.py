"""The one event loop of a process on which its outgoing HTTP runs.

Channels are written without `async`; connections are kept here between their calls.
"""

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
_CLOSE_SECONDS = 2.0


class _State:
    pid = 0
    loop: asyncio.AbstractEventLoop | None = None
    lock = threading.Lock()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine on the loop and wait for what it gives."""
    return asyncio.run_coroutine_threadsafe(work, loop()).result()


def at_exit(close: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Close what is open on the loop when the process ends.

    A forked child has none of its parent's connections.
    """
    running, pid = asyncio.get_running_loop(), os.getpid()

    def ended() -> None:
        if running.is_running() and pid == os.getpid():
            asyncio.run_coroutine_threadsafe(close(), running).result(_CLOSE_SECONDS)

    atexit.register(ended)


def loop() -> asyncio.AbstractEventLoop:
    """Return this process's loop; a forked child starts its own."""
    with _State.lock:
        if _State.loop is None or _State.pid != os.getpid():
            _State.pid = os.getpid()
            _State.loop = asyncio.new_event_loop()
            threading.Thread(
                target=_State.loop.run_forever,
                name="outgoing-http",
                daemon=True,
            ).start()
        return _State.loop
