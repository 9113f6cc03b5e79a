"""Lines 1 and 2: from Redis to the sockets, without HTTP."""

import asyncio
import itertools
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from channels_redis.core import RedisChannelLayer

from apps.push import groups, protocol, publishing
from benchmarks.bank import Bank
from benchmarks.contenders import Carillon, Contender, Nchan, Stock
from benchmarks.crowd import Crowd, Reader
from benchmarks.http_client import Connection, Post, connections
from benchmarks.measuring import Measured, Stretch, settled
from benchmarks.sizes import Sizes
from benchmarks.stock import consumers as stock

IN_FLIGHT = 3
IN_FLIGHT_TO_USERS = 100
# What one is published with; the answer is not waited for.
Publish = Callable[[], None]


def state_frame() -> str:
    """Build a state frame as the product would."""
    return protocol.notification_state(
        keys=[str(uuid.uuid4())],
        up_to=None,
        state="read",
        state_version=1,
        unread=1,
    )


class Tasks:
    """Runs coroutines that nobody waits for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()

    def start(self, work: Any) -> None:
        """Run it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Future[Any]") -> None:
        self._tasks.discard(task)
        task.result()


def stock_layer(contender: Stock) -> Any:
    """Return the channel layer as the stock application has it."""
    return RedisChannelLayer(
        hosts=[
            {"address": contender.environment["REDIS_URL"], "max_connections": 5000},
        ],
        prefix=contender.environment["REDIS_PREFIX"],
        capacity=1_000_000,
    )


def _stock_broadcast(contender: Stock) -> Publish:
    layer, tasks = stock_layer(contender), Tasks()
    message = {
        "type": "notification",
        "content": {"type": "state", "text": state_frame()},
    }
    return lambda: tasks.start(layer.group_send(stock.EVERYONE, message))


class _NchanPublisher:
    """Posts one after the other; nchan takes the next when it has the last."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._request = Post("/publish", {}).with_body(state_frame().encode())
        self._wanted = 0
        self._tasks = Tasks()

    def __call__(self) -> None:
        """Publish one more."""
        self._wanted += 1
        if self._wanted == 1:
            self._tasks.start(self._post())

    async def _post(self) -> None:
        while self._wanted:
            await self._connection.send(self._request)
            self._wanted -= 1


async def publisher(contender: Contender) -> Publish:
    """Say how a broadcast is published to a contender's sockets."""
    if isinstance(contender, Carillon):
        frame = state_frame()
        return lambda: publishing.publish_frame(groups.EVERYONE, frame)
    if isinstance(contender, Nchan):
        [connection] = await connections(contender.port, 1)
        return _NchanPublisher(connection)
    return _stock_broadcast(contender)


async def broadcast(contender: Contender, crowd: Crowd, sizes: Sizes) -> Measured:
    """Publish to everyone, so that three times the crowd is on its way at most."""
    publish = await publisher(contender)
    people, received, published = len(crowd.readers), 0, 0
    is_ending = False

    def arrived() -> None:
        nonlocal received, published
        received += 1
        if received % people == 0 and not is_ending:
            published += 1
            publish()

    crowd.count_into(arrived)
    for _ in range(IN_FLIGHT):
        published += 1
        publish()
    stretch = Stretch(contender, lambda: received)
    found = await stretch.measure(warm_up=sizes.warm_up_seconds, seconds=sizes.seconds)
    is_ending = True
    await settled(lambda: received >= published * people)
    return replace(found, lost=published * people - received)


async def to_users(contender: Carillon, crowd: Crowd, sizes: Sizes) -> Measured:
    """Publish to one person after the other, a hundred on their way at most."""
    # In a thread, so that pings are answered meanwhile.
    bank = await asyncio.to_thread(Bank, contender, each=sizes.bank)
    published = 0
    is_ending = False

    def publish() -> None:
        nonlocal published
        row = bank.take()
        if row is not None:
            published += 1
            publishing.publish_notification(
                user_id=row.person, seq=row.seq, key=row.key, frame=row.frame
            )

    def arrived(_: Reader) -> None:
        if not is_ending:
            publish()

    tally = crowd.tally(arrived, is_numbered=True)
    for _ in range(IN_FLIGHT_TO_USERS):
        publish()
    stretch = Stretch(contender, lambda: tally.received)
    found = await stretch.measure(warm_up=sizes.warm_up_seconds, seconds=sizes.seconds)
    is_ending = True
    await settled(lambda: tally.received >= published)
    if bank.is_empty:
        message = "The bank of notifications was too small for this machine."
        raise AssertionError(message)
    await asyncio.to_thread(bank.close)
    return replace(found, lost=published - tally.received + tally.gaps)


async def to_users_of_stock(contender: Stock, crowd: Crowd, sizes: Sizes) -> Measured:
    """Do the same by `group_send` to the group of each."""
    layer, tasks = stock_layer(contender), Tasks()
    people = itertools.cycle(contender.people)
    published = 0
    is_ending = False

    def publish() -> None:
        nonlocal published
        published += 1
        content = {"type": "server_notification", "id": published, "value": {}}
        event = {"type": "notification", "content": content}
        tasks.start(layer.group_send(stock.group_of(next(people)), event))

    def arrived(_: Reader) -> None:
        if not is_ending:
            publish()

    tally = crowd.tally(arrived, is_numbered=False)
    for _ in range(IN_FLIGHT_TO_USERS):
        publish()
    stretch = Stretch(contender, lambda: tally.received)
    found = await stretch.measure(warm_up=sizes.warm_up_seconds, seconds=sizes.seconds)
    is_ending = True
    await settled(lambda: tally.received >= published)
    return replace(found, lost=published - tally.received)
