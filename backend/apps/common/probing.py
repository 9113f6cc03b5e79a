"""Ask something that may never answer, without waiting for it."""

import contextlib
import copy
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

Answer = TypeVar("Answer")


def private_connection() -> BaseDatabaseWrapper:
    """Make a connection to the database outside of the pool; the caller closes it.

    A pool that is busy says nothing about the database.
    """
    wrapper = connections.create_connection("default")
    chosen = copy.deepcopy(connections["default"].settings_dict)
    options = chosen["OPTIONS"]
    options.pop("pool", None)
    if wrapper.vendor == "postgresql":
        # A host that vanished is noticed after seconds instead of hours.
        options |= {"keepalives_idle": 2, "keepalives_interval": 2}
        options |= {"keepalives_count": 2, "tcp_user_timeout": 5000}
    wrapper.settings_dict = chosen
    return wrapper


@contextlib.contextmanager
def private_database() -> Iterator[BaseDatabaseWrapper]:
    """Give this thread a private connection as its own; for a probe's thread only."""
    connection = private_connection()
    connections["default"] = connection
    try:
        yield connection
    finally:
        connection.close()
        del connections["default"]


class Probe(Generic[Answer]):
    """One question, asked in a daemon thread, by one asker at a time.

    An answer serves everybody for `fresh_seconds`; while one is awaited, nobody asks
    again: callers without a login must not be able to pile up threads.
    """

    def __init__(
        self, ask: Callable[[], Answer], *, fresh_seconds: float = 1.0
    ) -> None:
        self._ask = ask
        self._fresh_seconds = fresh_seconds
        self._lock = threading.Lock()
        self._future: Future[Answer] | None = None
        self._answered_at = 0.0

    def begin(self) -> "Future[Answer]":
        """Return the answer that is awaited or fresh, or ask anew."""
        with self._lock:
            if self._future is not None and not self._is_stale(self._future):
                return self._future
            self._future = Future()
            thread = threading.Thread(
                target=self._answer,
                args=(self._future,),
                name="probe",
                daemon=True,
            )
            thread.start()
            return self._future

    def forget(self) -> None:
        """Ask anew next time, whatever is known or awaited."""
        with self._lock:
            self._future = None

    def _is_stale(self, future: "Future[Answer]") -> bool:
        age = time.monotonic() - self._answered_at
        return future.done() and age > self._fresh_seconds

    def _answer(self, future: "Future[Answer]") -> None:
        try:
            answer = self._ask()
        except Exception as error:  # noqa: BLE001  (handed to whoever asked)
            self._answered_at = time.monotonic()
            future.set_exception(error)
        else:
            self._answered_at = time.monotonic()
            future.set_result(answer)


def answered(futures: Iterable["Future[Any]"], *, timeout_seconds: float) -> None:
    """Wait until all have answered, or failed, or the time is over."""
    wait(list(futures), timeout=timeout_seconds)


def result_or_none(future: "Future[Answer]") -> Answer | None:
    """Return the answer, or None where there is none or the question failed."""
    if not future.done() or future.exception() is not None:
        return None
    return future.result()
