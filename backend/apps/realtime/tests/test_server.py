"""A server whose event loop stands still does not go on standing there."""

import threading

import uvicorn

from apps.common.stalling import Guard
from apps.realtime.server import Server

PATIENCE_SECONDS = 1.0


async def test_a_loop_that_stands_still_ends_the_server() -> None:
    ended = threading.Event()
    config = uvicorn.Config("config.asgi:application", log_config=None)
    server = Server(config, before_stop=lambda: None)
    server.guard = Guard(
        "web",
        patience_seconds=PATIENCE_SECONDS,
        end=lambda _: ended.set(),
    )
    server.guard.start()

    for _ in range(30):
        await server.on_tick(1)
        assert not ended.wait(PATIENCE_SECONDS / 20)
    # Nothing turns the loop any more: this very wait holds it.
    stood_still = ended.wait(10 * PATIENCE_SECONDS)
    server.guard.stop()

    assert stood_still
