"""The in-process channel layer: across threads, complete, in order, bounded."""

import asyncio
import threading
import time

from apps.push.local_layer import LocalLayer

PATIENCE_SECONDS = 20.0


async def drain(layer: LocalLayer, channel: str, count: int) -> list[int]:
    return [
        (await asyncio.wait_for(layer.receive(channel), PATIENCE_SECONDS))["n"]
        for _ in range(count)
    ]


async def test_everything_that_another_thread_publishes_arrives_in_order() -> None:
    layer = LocalLayer()
    channel = await layer.new_channel()
    await layer.group_add("user.1", channel)

    def publish() -> None:
        for number in range(2000):
            layer.publish_nowait("user.1", {"n": number})

    thread = threading.Thread(target=publish)
    thread.start()
    received = await drain(layer, channel, 2000)
    thread.join()

    assert received == list(range(2000))


async def test_a_waiting_receiver_is_woken_at_once_from_another_thread() -> None:
    layer = LocalLayer()
    channel = await layer.new_channel()
    await layer.group_add("everyone", channel)
    waiting = asyncio.create_task(layer.receive(channel))
    await asyncio.sleep(0)

    started = time.monotonic()
    thread = threading.Thread(target=layer.publish_nowait, args=("everyone", {"n": 1}))
    thread.start()
    await asyncio.wait_for(waiting, PATIENCE_SECONDS)
    thread.join()

    # The stock in-memory layer needs the loop's next timer, which here is the limit.
    assert time.monotonic() - started < PATIENCE_SECONDS / 2


async def test_only_members_of_the_group_are_reached() -> None:
    layer = LocalLayer()
    inside, outside = await layer.new_channel(), await layer.new_channel()
    await layer.group_add("team.1", inside)
    await layer.group_add("team.2", outside)

    await layer.group_send("team.1", {"n": 1})
    await layer.group_send("team.2", {"n": 2})

    assert await drain(layer, inside, 1) == [1]
    assert await drain(layer, outside, 1) == [2]


async def test_who_left_the_group_hears_nothing_more() -> None:
    layer = LocalLayer()
    channel = await layer.new_channel()
    await layer.group_add("team.1", channel)
    await layer.group_discard("team.1", channel)

    await layer.group_send("team.1", {"n": 1})
    await layer.send(channel, {"n": 2})

    assert await drain(layer, channel, 1) == [2]


async def test_a_full_channel_drops_what_is_new_and_keeps_what_waits() -> None:
    layer = LocalLayer(capacity=3)
    channel = await layer.new_channel()
    await layer.group_add("user.1", channel)

    for number in range(5):
        layer.publish_nowait("user.1", {"n": number})
    await asyncio.sleep(0)

    assert await drain(layer, channel, 3) == [0, 1, 2]


def test_a_channel_whose_loop_is_closed_disturbs_nobody() -> None:
    layer = LocalLayer()

    async def join() -> None:
        await layer.group_add("user.1", await layer.new_channel())

    asyncio.run(join())

    layer.publish_nowait("user.1", {"n": 1})
