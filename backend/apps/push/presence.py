"""Who has a page open: whoever's group somebody listens to.

A hub joins a user's group with the first connection and leaves it with the last, so the
subscriptions are the answer and nothing needs to be kept.
"""

import logging
from collections.abc import Collection
from functools import cache
from typing import Any

import redis
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from apps.push import groups
from apps.push.local_layer import LocalLayer
from apps.push.redis_layer import RedisLayer

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.5


def online(user_ids: Collection[int]) -> set[int]:
    """Return those of the users who have a page open; nobody while Redis is away."""
    if not user_ids:
        return set()
    layer: Any = get_channel_layer()
    names = {user_id: groups.user(user_id) for user_id in user_ids}
    if isinstance(layer, LocalLayer):
        return {user for user, name in names.items() if layer.has_members(name)}
    return _subscribed(layer, names)


def _subscribed(layer: RedisLayer, names: dict[int, str]) -> set[int]:
    channels = {layer.channel_of_group(name): user for user, name in names.items()}
    try:
        counted = _client().pubsub_numsub(*channels)
    except (RedisError, OSError) as error:
        logger.warning("presence unknown", extra={"error": type(error).__name__})
        return set()
    return {
        channels[name.decode() if isinstance(name, bytes) else name]
        for name, count in counted
        if count
    }


@cache
def _client() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
    )
