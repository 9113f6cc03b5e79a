"""The channel layer on a real Redis."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from unittest.mock import Mock

import pytest
import pytest_asyncio
import redis

from apps.push.redis_layer import RedisLayer

MANY = 3_000


@pytest_asyncio.fixture
async def layer(redis_url: str) -> AsyncIterator[RedisLayer]:
    layer = RedisLayer(hosts=[redis_url], prefix=uuid.uuid4().hex)
    yield layer
    await layer.flush()


async def receive(layer: RedisLayer, channel: str, *, count: int) -> list[int]:
    received: list[int] = []
    async with asyncio.timeout(20):
        while len(received) < count:
            some = await layer.receive_many(channel, 16)
            assert 1 <= len(some) <= 16
            received += [message["n"] for message in some]
    return received


async def test_a_flood_is_received_whole_and_in_order(layer: RedisLayer) -> None:
    channel = await layer.new_channel()
    await layer.group_add_many(["one", "two"], channel)

    await layer.group_send_many(
        [(("one", "two")[n % 2], {"n": n}) for n in range(MANY)]
    )

    assert await receive(layer, channel, count=MANY) == list(range(MANY))


async def test_groups_are_joined_and_left_in_the_middle_of_a_flood(
    layer: RedisLayer,
) -> None:
    channel = await layer.new_channel()
    await layer.group_add("flood", channel)
    flood = asyncio.create_task(
        layer.group_send_many([("flood", {"n": n}) for n in range(MANY)])
    )

    for name in ("a", "b", "c"):
        await layer.group_add(name, channel)
    for name in ("a", "b"):
        await layer.group_discard(name, channel)

    await flood
    assert await receive(layer, channel, count=MANY) == list(range(MANY))
    await layer.group_send_many([("a", {"n": -1}), ("b", {"n": -2}), ("c", {"n": -3})])
    assert await receive(layer, channel, count=1) == [-3]


async def test_a_group_that_could_not_be_left_is_left_the_next_time(
    layer: RedisLayer,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel = await layer.new_channel()
    await layer.group_add_many(["left", "kept"], channel)
    [shard] = layer._get_layer()._shards
    with monkeypatch.context() as patched:
        patched.setattr(shard._pubsub, "unsubscribe", Mock(side_effect=TimeoutError))
        with pytest.raises(TimeoutError):
            await layer.group_discard("left", channel)

    await layer.group_discard("left", channel)

    name = layer.channel_of_group("left")
    with redis.Redis.from_url(redis_url) as admin:
        async with asyncio.timeout(20):
            while admin.pubsub_numsub(name) != [(name.encode(), 0)]:  # noqa: ASYNC110  (bounded)
                await asyncio.sleep(0.01)
    await layer.group_send_many([("left", {"n": 1}), ("kept", {"n": 2})])
    assert await receive(layer, channel, count=1) == [2]


async def test_a_lost_subscription_is_made_again(
    layer: RedisLayer,
    redis_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    channel = await layer.new_channel()
    await layer.group_add("kept", channel)

    with caplog.at_level(logging.CRITICAL), redis.Redis.from_url(redis_url) as admin:
        mine = await name_of_subscription(layer)
        admin.client_kill_filter(_id=mine)
        received = asyncio.create_task(receive(layer, channel, count=1))
        while not received.done():
            await layer.group_send_many([("kept", {"n": 7})])
            await asyncio.sleep(0.05)

    assert set(await received) == {7}


async def name_of_subscription(layer: RedisLayer) -> int:
    """Find out by its address how Redis calls the connection that is subscribed."""
    [shard] = layer._get_layer()._shards
    host, port = shard._pubsub.connection._writer.get_extra_info("sockname")[:2]
    address = f"{host}:{port}"
    clients = await shard._redis.client_list(_type="pubsub")
    [found] = [each for each in clients if each["addr"] == address]
    return int(found["id"])
