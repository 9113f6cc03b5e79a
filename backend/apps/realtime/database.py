"""Database work of the socket edge: few threads of its own, each call limited in time.

Channels' `database_sync_to_async` runs everything in one thread per process, where one
slow query stalls every socket; here a slow query costs its caller an error.
"""

import asyncio
import copy
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from django.db import connection, connections

logger = logging.getLogger(__name__)

THREADS = 4
TIMEOUT_SECONDS = 3.0
WAITING_LIMIT = 5000

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class DatabaseUnavailable(Exception):  # noqa: N818  (reads as what happened)
    """The database did not answer in time, or too much waits for it already."""


class Database:
    """Runs synchronous functions that use the ORM for coroutines of one loop."""

    def __init__(
        self,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        has_own_connections: bool = False,
    ) -> None:
        """Start no thread until the first call.

        has_own_connections: whether the threads have connections that nobody else can
        use up (PostgreSQL), besides those of the process.
        """
        self._timeout_seconds = timeout_seconds
        self._waiting = 0
        self._pools: dict[str, Any] = {}
        self._threads = ThreadPoolExecutor(
            THREADS,
            thread_name_prefix="socket-database",
            initializer=self._take_own_connections if has_own_connections else None,
        )

    async def run(
        self,
        function: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run `function` in a thread.

        Raises: DatabaseUnavailable after three seconds or when the queue is full;
        whatever the function raises. The thread of an abandoned call is not freed
        before the driver returns; one that had not begun never begins.
        """
        if self._waiting >= WAITING_LIMIT:
            message = "too many calls wait for the database"
            raise DatabaseUnavailable(message)
        self._waiting += 1
        work = self._threads.submit(
            lambda: _with_connection(function, *args, **kwargs),
        )
        future = asyncio.wrap_future(work)
        future.add_done_callback(self._left)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await asyncio.shield(future)
        except TimeoutError as error:
            # Work that nobody waits for would only keep others waiting.
            work.cancel()
            future.add_done_callback(_swallow)
            message = f"no answer within {self._timeout_seconds:g} s"
            raise DatabaseUnavailable(message) from error

    def stop(self) -> None:
        """Start nothing more; do not wait for what runs."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for pool in self._pools.values():
            pool.close(timeout=0)

    def _take_own_connections(self) -> None:
        """Have this thread use a pool of these threads alone."""
        chosen = copy.deepcopy(connections["default"].settings_dict)
        if "pool" not in chosen["OPTIONS"]:
            return
        chosen["OPTIONS"]["pool"] |= {"min_size": 1, "max_size": THREADS}
        own: Any = connections.create_connection("default")
        own.settings_dict = chosen
        # Django keeps one pool for each name of a database, in the class.
        own._connection_pools = self._pools
        connections["default"] = own

    def _left(self, _: object) -> None:
        self._waiting -= 1


def _swallow(future: "asyncio.Future[Result]") -> None:
    if not future.cancelled() and future.exception() is not None:
        logger.warning("late database failure", exc_info=future.exception())


def _with_connection(
    function: Callable[Arguments, Result],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Result:
    try:
        return function(*args, **kwargs)
    finally:
        # On PostgreSQL this gives the connection back to the pool; a SQLite
        # connection is cheap to keep and dear to open.
        if connection.vendor != "sqlite" or not connection.is_usable():
            connection.close()
