"""Serve HTTP and WebSocket in one process; in the embedded default with its workers."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from apps.delivery import own_sandbox
from apps.realtime import daphne_server, embedded, server

# A thread in Python code keeps the sockets' loop waiting for this long (Python's own
# default is 5 ms): a send passes through the hands of three threads.
SWITCH_SECONDS = 0.0005


class Command(BaseCommand):
    """`manage.py serve [--host …] [--port …] [--server uvicorn|daphne]`."""

    help = "Serve HTTP and WebSocket; in the embedded default also the workers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Defaults come from HOST, PORT and WEB_SERVER."""
        parser.add_argument("--host", default=settings.HOST)
        parser.add_argument("--port", type=int, default=settings.PORT)
        parser.add_argument(
            "--server",
            choices=["uvicorn", "daphne"],
            default=settings.WEB_SERVER,
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, start the workers, serve until a signal comes."""
        import_string(settings.REFUSE_TO_START)()
        own_sandbox.stand_at(options["host"], options["port"])
        sys.setswitchinterval(SWITCH_SECONDS)
        embedded.start()
        if options["server"] == "uvicorn":
            server.run(
                host=options["host"],
                port=options["port"],
                before_stop=embedded.stop,
            )
        else:
            daphne_server.run(host=options["host"], port=options["port"])
            embedded.stop()
