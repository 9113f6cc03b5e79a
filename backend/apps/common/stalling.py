"""End a process that has stopped working, so that its supervisor starts it again.

Supervisors see a process that ended, not one that hangs: compose's `restart` does not
act on "unhealthy".
"""

import faulthandler
import mmap
import os
import sys
import threading
import time
from collections.abc import Callable

EXIT_CODE = 70  # EX_SOFTWARE of sysexits(3)
LOOKS = 20


def end_process(part: str) -> None:
    """Say where every thread stands, and end without asking any of them."""
    # Not through logging: the thread that hangs may hold its lock.
    message = f"carillon: {part} showed no life; ending, to be started again\n"
    os.write(2, message.encode())
    faulthandler.dump_traceback(file=sys.__stderr__ or 2, all_threads=True)
    os._exit(EXIT_CODE)


class Guard:
    """Ends the process when nothing has called `sign()` for `patience_seconds`.

    The last sign is in memory that forked children share, so that their work counts.
    What is measured is how often the guard looked in vain, not how late it is: a
    process that was paused as a whole has missed nothing.
    """

    def __init__(
        self,
        part: str,
        *,
        patience_seconds: float,
        end: Callable[[str], None] = end_process,
    ) -> None:
        self._part = part
        self._interval_seconds = patience_seconds / LOOKS
        self._end = end
        self._last_sign = mmap.mmap(-1, 8)
        self._stopped = threading.Event()

    def sign(self) -> None:
        """Show life."""
        self._last_sign[:] = time.monotonic_ns().to_bytes(8, "little")

    def start(self) -> None:
        """Begin to watch, from a thread of its own."""
        self._stopped.clear()
        thread = threading.Thread(target=self._watch, name="guard", daemon=True)
        thread.start()

    def stop(self) -> None:
        """Stop watching: the process is about to end."""
        self._stopped.set()

    def _watch(self) -> None:
        seen, looks = self._last_sign[:], 0
        while not self._stopped.wait(self._interval_seconds):
            looks = looks + 1 if self._last_sign[:] == seen else 0
            seen = self._last_sign[:]
            if looks >= LOOKS:
                self._end(self._part)
                return
