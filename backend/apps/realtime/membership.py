"""The groups that this process listens to: one subscription each, however many sockets.

Membership is desired state. A `group_add` that fails while Redis is away is never
repeated by the layer, although the layer lists the group; so this keeps its own book
and tries again.
"""

import asyncio
import logging
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from apps.push.hints import Hint
from apps.push.redis_layer import LAYER_ERRORS

if TYPE_CHECKING:
    from apps.realtime.connection import Connection

logger = logging.getLogger(__name__)

ADD_TIMEOUT_SECONDS = 0.5
JOINED_AT_ONCE = 500


class Membership:
    """Who is in which group, and which groups the channel has really joined."""

    def __init__(self, layer: Any) -> None:
        """Start with no channel and no group."""
        self._layer = layer
        self._channel: str | None = None
        self._members: defaultdict[str, set[Connection]] = defaultdict(set)
        self._joined: set[str] = set()
        # Not joined any more, but the layer may not know it yet.
        self._leaving: set[str] = set()
        self._wake = asyncio.Event()
        self._waiting: dict[str, asyncio.Event] = {}

    def members(self, group: str) -> "tuple[Connection, ...]":
        """Return the connections in a group."""
        return tuple(self._members.get(group, ()))

    async def join(self, connection: "Connection", groups: set[str]) -> None:
        """Put a connection into groups and wait half a second for the layer at most.

        The layer may be away: the poll heals what is missed until it is back.
        """
        missing = []
        for group in groups:
            self._members[group].add(connection)
            connection.groups.add(group)
            if group not in self._joined:
                missing.append(self._waiting.setdefault(group, asyncio.Event()))
        if missing:
            self._wake.set()
            try:
                async with asyncio.timeout(ADD_TIMEOUT_SECONDS):
                    for event in missing:
                        await event.wait()
            except TimeoutError:
                logger.warning("groups not joined in time")

    def leave(self, connection: "Connection", groups: set[str]) -> None:
        """Take a connection out of groups."""
        for group in groups:
            connection.groups.discard(group)
            members = self._members.get(group)
            if members is not None:
                members.discard(connection)
                if not members:
                    del self._members[group]
        self._wake.set()

    def retry(self) -> None:
        """Try again what failed."""
        self._wake.set()

    async def receive(self, limit: int) -> list[Hint]:
        """Wait for the next hints; makes the channel and joins all groups at first.

        Never cancelled or limited in time while it waits: the layer would forget the
        channel silently.
        """
        if self._channel is None:
            self._channel = await self._layer.new_channel()
            self._forget_groups()
            self._wake.set()
        hints: list[Hint] = await self._layer.receive_many(self._channel, limit)
        return hints

    def forget_channel(self) -> None:
        """Start over with a new channel: the old one is broken."""
        self._channel = None
        self._forget_groups()

    def _forget_groups(self) -> None:
        self._joined.clear()
        self._leaving.clear()

    async def reconcile(self) -> None:
        """Make the layer's groups what they should be, for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._channel is None:
                continue
            try:
                await self._join_missing(self._channel)
                await self._leave_empty(self._channel)
            except LAYER_ERRORS as error:
                name = type(error).__name__
                logger.warning("channel layer unavailable", extra={"error": name})

    async def _join_missing(self, channel: str) -> None:
        for group in [name for name in self._leaving if name in self._members]:
            await self._leave(group, channel)
        while missing := [each for each in self._members if each not in self._joined]:
            together = missing[:JOINED_AT_ONCE]
            async with asyncio.timeout(ADD_TIMEOUT_SECONDS):
                await self._layer.group_add_many(together, channel)
            for group in together:
                self._joined.add(group)
                event = self._waiting.pop(group, None)
                if event is not None:
                    event.set()

    async def _leave_empty(self, channel: str) -> None:
        known = self._joined | self._leaving
        for group in [name for name in known if name not in self._members]:
            # Somebody may have come back while others were taken out, and people who
            # wait to come in are not kept waiting for that.
            if self._wake.is_set():
                return
            if group in self._members:
                continue
            self._waiting.pop(group, None)
            await self._leave(group, channel)

    async def _leave(self, group: str, channel: str) -> None:
        # Whoever comes meanwhile finds it not joined; if this fails it is repeated.
        self._joined.discard(group)
        self._leaving.add(group)
        async with asyncio.timeout(ADD_TIMEOUT_SECONDS):
            await self._layer.group_discard(group, channel)
        self._leaving.discard(group)
