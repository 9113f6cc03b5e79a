"""An SMS gateway that takes 50 ms and accepts everything: `-m benchmarks.sms_gateway`.

A process of its own, so that it does not share an interpreter with what is measured.
"""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from tooling.services.ports import free_port

LATENCY_SECONDS = 0.05


async def accept(request: web.Request) -> web.Response:
    """Answer after a while."""
    await request.read()
    await asyncio.sleep(LATENCY_SECONDS)
    return web.json_response({"code": 0, "message": "OK"})


@contextmanager
def running() -> Iterator[str]:
    """Run it in a process of its own; say where."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.sms_gateway", str(port)]
    server = subprocess.Popen(command)
    try:
        while not _answers(port):
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    application = web.Application()
    application.router.add_post("/v1/send/{id}", accept)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None)
