"""An SMS gateway that takes 50 ms and accepts everything: `-m benchmarks.sms_gateway`.

A process of its own, so that it does not share an interpreter with what is measured.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from benchmarks import beside

LATENCY_SECONDS = 0.05


async def accept(request: web.Request) -> web.Response:
    """Answer after a while."""
    await request.read()
    await asyncio.sleep(LATENCY_SECONDS)
    return web.json_response({"code": 0, "message": "OK"})


@contextmanager
def running() -> Iterator[str]:
    """Run it in a process of its own; say where."""
    with beside.running("benchmarks.sms_gateway") as port:
        yield f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    application = web.Application()
    application.router.add_post("/v1/send/{id}", accept)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None)
