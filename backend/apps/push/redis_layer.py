"""Redis pub/sub as the channel layer, with many messages in one round trip."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import RedisError

# What the layer raises while Redis is away.
LAYER_ERRORS = (OSError, RedisError)


class RedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """The library's layer, with many groups or messages in one command."""

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

    def channel_of_group(self, group: str) -> str:
        """Return the channel of Redis that carries a group."""
        return str(self._get_layer()._get_group_channel_name(group))

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
