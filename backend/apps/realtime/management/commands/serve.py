"""Serve HTTP and WebSocket in one process; in the embedded default with its workers."""

from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server as DaphneServer
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from apps.realtime import embedded, server


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
        embedded.start()
        if options["server"] == "uvicorn":
            server.run(
                host=options["host"],
                port=options["port"],
                before_stop=embedded.stop,
            )
        else:
            _run_daphne(options["host"], options["port"])


def _run_daphne(host: str, port: int) -> None:
    DaphneServer(
        application=import_string("config.asgi.application"),
        endpoints=build_endpoint_description_strings(host=host, port=port),
        signal_handlers=True,
        ping_interval=settings.WS_PING_SECONDS,
        ping_timeout=settings.WS_PONG_SECONDS,
        websocket_timeout=-1,
        http_timeout=None,
        application_close_timeout=2,
        server_name="",
    ).run()
    embedded.stop()
