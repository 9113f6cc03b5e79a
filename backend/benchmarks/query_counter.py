"""An application for EXTRA_APPS: writes one byte to a file for each database query."""

import os
from collections.abc import Callable
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created

VARIABLE = "BENCHMARK_QUERIES_FILE"


class QueryCounter(AppConfig):
    """Counts from the start of the process."""

    name = "benchmarks.query_counter"
    label = "query_counter"
    path = os.path.dirname(__file__)  # noqa: PTH120  (Django wants a text)

    def ready(self) -> None:
        """Listen to every connection that is made."""
        file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        def count(execute: Callable[..., Any], *arguments: Any) -> Any:
            os.write(file, b".")
            return execute(*arguments)

        def watch(*, connection: Any, **_: Any) -> None:
            if count not in connection.execute_wrappers:
                connection.execute_wrappers.append(count)

        connection_created.connect(watch, weak=False)
