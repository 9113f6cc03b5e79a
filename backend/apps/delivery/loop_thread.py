"""The one event loop of a process on which its outgoing HTTP runs.

Channels are written without `async`; connections are kept here between their calls.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _State:
    pid = 0
    loop: asyncio.AbstractEventLoop | None = None
    lock = threading.Lock()


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine on the loop and wait for what it gives."""
    return asyncio.run_coroutine_threadsafe(work, loop()).result()


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
