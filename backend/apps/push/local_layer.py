"""The channel layer of one process, safe across threads and event loops.

Channels' own in-memory layer does not wake the receiving loop from another thread and
forgets its groups after a day; this one does neither, and copies nothing.
"""

import asyncio
import logging
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from channels.layers import BaseChannelLayer

from apps.push.metrics import HINTS_DROPPED

logger = logging.getLogger(__name__)


class _Inbox:
    """The messages of one channel; everything but `post` runs on its own loop."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop, capacity: int) -> None:
        self.loop = loop
        self.capacity = capacity
        self.messages: deque[Any] = deque()
        self.arrived = asyncio.Event()

    def post(self, message: Any) -> None:
        try:
            self.loop.call_soon_threadsafe(self._put, message)
        except RuntimeError:
            HINTS_DROPPED.labels("loop closed").inc()

    def _put(self, message: Any) -> None:
        if len(self.messages) >= self.capacity:
            HINTS_DROPPED.labels("inbox full").inc()
            return
        self.messages.append(message)
        self.arrived.set()

    async def take(self) -> Any:
        while not self.messages:
            self.arrived.clear()
            await self.arrived.wait()
        return self.messages.popleft()


class LocalLayer(BaseChannelLayer):
    """Groups and channels as dictionaries under one lock, bounded per channel."""

    extensions = ("groups",)

    def __init__(self, capacity: int = 100_000, **kwargs: Any) -> None:
        """Start empty; `capacity` bounds what waits in one channel."""
        super().__init__(capacity=capacity, **kwargs)
        self._lock = threading.Lock()
        self._inboxes: dict[str, _Inbox] = {}
        self._groups: defaultdict[str, set[str]] = defaultdict(set)

    async def new_channel(self, prefix: str = "specific.") -> str:
        """Make a channel whose messages arrive on the running loop."""
        name = f"{prefix}{uuid4().hex}"
        inbox = _Inbox(loop=asyncio.get_running_loop(), capacity=self.capacity)
        with self._lock:
            self._inboxes[name] = inbox
        return name

    async def receive(self, channel: str) -> Any:
        """Wait for the next message of a channel of this loop."""
        return await self._inboxes[channel].take()

    async def receive_many(self, channel: str, limit: int) -> list[Any]:
        """Wait for the next message, and take what waits behind it."""
        inbox = self._inboxes[channel]
        messages = [await inbox.take()]
        while inbox.messages and len(messages) < limit:
            messages.append(inbox.messages.popleft())
        return messages

    async def send(self, channel: str, message: Any) -> None:
        """Hand a message to one channel; unknown channels lose it."""
        with self._lock:
            inbox = self._inboxes.get(channel)
        if inbox is not None:
            inbox.post(message)

    async def group_add(self, group: str, channel: str) -> None:
        """Put a channel into a group."""
        with self._lock:
            self._groups[group].add(channel)

    async def group_add_many(self, groups: Sequence[str], channel: str) -> None:
        """Put a channel into groups."""
        for group in groups:
            await self.group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        """Take a channel out of a group."""
        with self._lock:
            self._groups[group].discard(channel)
            if not self._groups[group]:
                del self._groups[group]

    async def group_send(self, group: str, message: Any) -> None:
        """Hand a message to every channel of a group."""
        self.publish_nowait(group, message)

    def publish_nowait(self, group: str, message: Any) -> None:
        """Do the same from any thread, without waiting."""
        with self._lock:
            names = self._groups.get(group, ())
            inboxes = [self._inboxes[name] for name in names if name in self._inboxes]
        for inbox in inboxes:
            inbox.post(message)

    def has_members(self, group: str) -> bool:
        """Say whether anybody is in a group."""
        with self._lock:
            return bool(self._groups.get(group))

    async def drop_channel(self, channel: str) -> None:
        """Forget a channel and its memberships."""
        with self._lock:
            self._inboxes.pop(channel, None)
            for group in [
                name for name, members in self._groups.items() if channel in members
            ]:
                self._groups[group].discard(channel)
                if not self._groups[group]:
                    del self._groups[group]
