"""Redis pub/sub as the channel layer, with many messages in one round trip."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import hiredis
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisSingleShardConnection
from redis._parsers.hiredis import NOT_ENOUGH_DATA
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

# What the layer raises while Redis is away.
LAYER_ERRORS = (OSError, RedisError)
UNUSED_SECONDS = 0.1
AFTER_FAILURE_SECONDS = 1.0


class _Shard(RedisSingleShardConnection):  # type: ignore[misc]
    """The library's connection, which takes what has arrived without waiting for it.

    `get_message` sets a timer and awaits a dozen coroutines for each message, most of
    what a message costs; so it is left to connect, to wait and to notice failures.
    """

    async def _do_receiving(self) -> None:
        while True:
            try:
                if self._pubsub is None or not self._pubsub.subscribed:
                    await asyncio.sleep(UNUSED_SECONDS)
                    continue
                message = await self._pubsub.get_message(
                    ignore_subscribe_messages=True,
                    timeout=UNUSED_SECONDS,
                )
                self._receive_message(message)
                await self._take_what_arrived()
            except Exception as error:  # noqa: BLE001  (nobody else reads)
                name = type(error).__name__
                logger.warning("subscription interrupted", extra={"error": name})
                await asyncio.sleep(AFTER_FAILURE_SECONDS)

    async def _take_what_arrived(self) -> None:
        connection = self._pubsub.connection
        arrived = getattr(connection and connection._parser, "_reader", None)
        while isinstance(arrived, hiredis.Reader) and arrived.has_data():
            response = arrived.gets(False)  # noqa: FBT003  (it has no name there)
            if response is NOT_ENOUGH_DATA:
                return
            if isinstance(response, Exception):
                raise response
            if isinstance(response, list) and response[0] == b"message":
                self._receive_message({"channel": response[1], "data": response[2]})
            else:
                await self._pubsub.handle_message(response)


class RedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """The library's layer, with many groups or messages in one command."""

    def _get_layer(self) -> Any:
        layer = super()._get_layer()
        if not isinstance(layer._shards[0], _Shard):
            layer._shards = [_Shard(shard.host, layer) for shard in layer._shards]
        return layer

    async def group_add_many(self, groups: Sequence[str], channel: str) -> None:
        """Join a channel of this process to groups, one command per Redis host.

        `group_add` takes a round trip for each: after a restart, a thousand of them.
        """
        layer = self._get_layer()
        by_shard: defaultdict[Any, list[str]] = defaultdict(list)
        for group in groups:
            name = layer._get_group_channel_name(group)
            layer.groups.setdefault(name, set()).add(channel)
            by_shard[layer._get_shard(name)].append(name)
        for shard, names in by_shard.items():
            async with shard._lock:
                new = [name for name in names if name not in shard._subscribed_to]
                if new:
                    shard._ensure_redis()
                    shard._ensure_receiver()
                    await shard._pubsub.subscribe(*new)
                    shard._subscribed_to.update(new)

    async def group_discard(self, group: str, channel: str) -> None:
        """Take a channel out of a group; what fails may be repeated.

        The library forgets the group first and would do nothing the second time, while
        Redis still counts the subscription.
        """
        layer = self._get_layer()
        name = layer._get_group_channel_name(group)
        channels = layer.groups.get(name, set())
        channels.discard(channel)
        if not channels:
            layer.groups.pop(name, None)
            await layer._get_shard(name).unsubscribe(name)

    async def receive_many(self, channel: str, limit: int) -> list[Any]:
        """Wait for the next message, and take what waits behind it."""
        messages = [await self.receive(channel)]
        waiting = self._get_layer().channels.get(channel)
        while waiting is not None and len(messages) < limit and not waiting.empty():
            messages.append(self.deserialize(waiting.get_nowait()))
        return messages

    def channel_of_group(self, group: str) -> str:
        """Return the channel of Redis that carries a group.

        The library's own name for it wants a running loop, which a worker has not.
        """
        return f"{self._kwargs['prefix']}__group__{group}"

    async def group_send_many(self, messages: Sequence[tuple[str, Any]]) -> None:
        """Publish (group, message) pairs in order, one pipeline per Redis host.

        `group_send` takes a lock and a round trip for each message: about a seventh
        of the rate.
        """
        layer = self._get_layer()
        by_shard: defaultdict[Any, list[tuple[str, bytes]]] = defaultdict(list)
        for group, message in messages:
            name = layer._get_group_channel_name(group)
            by_shard[layer._get_shard(name)].append((name, self.serialize(message)))
        for shard, publications in by_shard.items():
            async with shard._lock:
                shard._ensure_redis()
                pipeline = shard._redis.pipeline(transaction=False)
                for name, data in publications:
                    pipeline.publish(name, data)
                await pipeline.execute()
