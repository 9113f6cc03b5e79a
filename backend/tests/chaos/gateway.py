"""An SMS gateway that fails in every way, and keeps a ledger of what it accepted.

Like the real one it delivers a message once for an id: what comes again is accepted
and not delivered again.
"""

import asyncio
import contextlib
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web

OK = {"code": 0, "message": "OK"}
FAULTS = {"503": 0.02, "cut": 0.02, "late": 0.01, "garbage": 0.01, "500": 0.01}
START_SECONDS = 20.0


@dataclass
class Ledger:
    """What reached the gateway: when, by id; and whom it delivered to."""

    requests: Counter[int] = field(default_factory=Counter)
    delivered: dict[int, str] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def since(self, moment: float) -> list[float]:
        """List how long after a moment requests came that came after it."""
        return [at - moment for at in self.times if at >= moment]

    @property
    def repeated(self) -> int:
        """Count requests with an id that had come before."""
        return sum(self.requests.values()) - len(self.requests)

    @property
    def second_effects(self) -> int:
        """Count phones that were delivered to more than once."""
        phones = Counter(self.delivered.values())
        return sum(phones.values()) - len(phones)


class FaultyGateway:
    """The server, in a thread of its own; `with FaultyGateway() as gateway`."""

    def __init__(
        self, *, seed: int, late_seconds: float = 1.5, latency_seconds: float = 0.01
    ) -> None:
        self.ledger = Ledger()
        self.is_well = False
        self.url = ""
        self._chance = random.Random(seed)
        self._late_seconds = late_seconds
        self._latency_seconds = latency_seconds
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        """Serve on a free port."""
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        self.url = started.result(START_SECONDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        if self._runner is not None:
            ended = asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop)
            with contextlib.suppress(TimeoutError):
                ended.result(START_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> str:
        application = web.Application()
        application.router.add_post("/v1/send/{id}", self._receive)
        self._runner = web.AppRunner(application, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        self.ledger.times.append(time.time())
        body = await request.json()
        message_id = int(request.match_info["id"])
        assert body["id"] == message_id
        self.ledger.requests[message_id] += 1
        await asyncio.sleep(self._latency_seconds)
        fault = "" if self.is_well else self._drawn()
        self.ledger.faults[fault] += 1
        if fault == "503":
            return web.Response(status=503, text="busy")
        self.ledger.delivered.setdefault(message_id, str(body["phone"]))
        return await self._answer(request, fault)

    async def _answer(self, request: web.Request, fault: str) -> web.StreamResponse:
        if fault == "cut" and request.transport is not None:
            request.transport.abort()
        if fault == "late":
            await asyncio.sleep(self._late_seconds)
        if fault == "garbage":
            return web.Response(text="<html>OK</html>", content_type="text/html")
        if fault == "500":
            return web.Response(status=500, text="oops")
        return web.json_response(OK)

    def _drawn(self) -> str:
        drawn = self._chance.random()
        for fault, share in FAULTS.items():
            if drawn < share:
                return fault
            drawn -= share
        return ""
