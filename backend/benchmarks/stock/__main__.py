"""`python -m benchmarks.stock migrate|serve|listen …`: the baseline's processes."""

import sys

import django
import uvicorn
from django.core.management import call_command

from benchmarks.stock.listener import listen


def serve(port: int) -> None:
    """Serve with the options that Carillon's own server has."""
    uvicorn.run(
        "benchmarks.stock.asgi:application",
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=65_536,
        ws_ping_interval=20,
        ws_ping_timeout=10,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=30,
    )


def main(command: str, *arguments: str) -> None:
    """Do one of the three."""
    if command == "serve":
        serve(int(arguments[0]))
        return
    django.setup()
    if command == "migrate":
        call_command("migrate", run_syncdb=True, verbosity=0)
    else:
        listen(arguments[0], queue=arguments[1], results=arguments[2])


if __name__ == "__main__":
    main(*sys.argv[1:])
