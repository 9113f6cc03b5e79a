"""Who has a page open, asked of a real Redis to which several processes listen."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from channels.layers import get_channel_layer
from pytest_django import Settings

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import delivering, services
from apps.notifications.models import Delivery
from apps.push import groups, presence
from apps.push.redis_layer import RedisLayer
from apps.realtime.membership import Membership
from tests.processes import wait_until

pytestmark = pytest.mark.services

ANN, BORIS, NOBODY = 7, 8, 9
SECONDS = 20
RETRY_SECONDS = 0.2


class Page:
    """Stands in for a connection: knows its groups."""

    def __init__(self) -> None:
        self.groups: set[str] = set()


class WebProcess:
    """What a server process has of its own: a loop, a layer, its hub's groups."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._layer = RedisLayer(hosts=[redis_url], prefix=prefix)
        self._membership = Membership(self._layer)
        self._tasks = [
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop),
            asyncio.run_coroutine_threadsafe(self._membership.reconcile(), self._loop),
            asyncio.run_coroutine_threadsafe(self._retry(), self._loop),
        ]

    async def _listen(self) -> None:
        while True:
            await self._membership.receive(16)

    async def _retry(self) -> None:
        """Try again what was not joined in time, as the hub's poll does."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            self._membership.retry()

    def open_page(self, user_id: int) -> Callable[[], None]:
        """Connect somebody; return what closes the page again."""
        page: Any = Page()
        group = groups.user(user_id)
        self._run(self._membership.join(page, {group}))

        def close() -> None:
            self._loop.call_soon_threadsafe(self._membership.leave, page, {group})

        return close

    def end(self) -> None:
        """End as a process that is killed: its connections close, and no more."""
        if self._thread.is_alive():
            self._run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(SECONDS)
            self._loop.close()

    async def _close(self) -> None:
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await self._layer.flush()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result(SECONDS)


@pytest.fixture
def prefix(
    settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Be a worker on this Redis: no loop runs here, and nobody listens."""
    name = uuid.uuid4().hex
    backend = "apps.push.redis_layer.RedisLayer"
    config = {"hosts": [redis_url], "prefix": name}
    settings.REDIS_URL = redis_url
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": config}}
    monkeypatch.setattr(presence, "TIMEOUT_SECONDS", SECONDS)
    presence._client.cache_clear()
    assert isinstance(get_channel_layer(), RedisLayer)
    yield name
    presence._client.cache_clear()


@pytest.fixture
def start(redis_url: str, prefix: str) -> Iterator[Callable[..., WebProcess]]:
    started: list[WebProcess] = []

    def started_now(prefix: str = prefix) -> WebProcess:
        started.append(WebProcess(redis_url, prefix))
        return started[-1]

    yield started_now
    for each in started:
        each.end()


def wait_for(*online: int) -> None:
    wait_until(
        lambda: presence.online({ANN, BORIS, NOBODY}) == set(online),
        seconds=SECONDS,
        what=f"{online} online",
    )


def test_who_has_a_page_open_in_any_process_is_online(
    start: Callable[..., WebProcess],
) -> None:
    one, other = start(), start()
    wait_for()

    close_first = one.open_page(ANN)
    close_second = one.open_page(ANN)
    close_elsewhere = other.open_page(ANN)
    close_boris = other.open_page(BORIS)

    wait_for(ANN, BORIS)
    close_first()
    close_boris()
    wait_for(ANN)
    close_elsewhere()
    close_second()
    wait_for()


def test_who_was_connected_to_a_process_that_ended_is_online_no_more(
    start: Callable[..., WebProcess],
) -> None:
    one, other = start(), start()
    one.open_page(ANN)
    other.open_page(ANN)
    other.open_page(BORIS)
    wait_for(ANN, BORIS)

    other.end()

    wait_for(ANN)
    one.end()
    wait_for()


def test_another_carillon_on_the_same_redis_does_not_count(
    start: Callable[..., WebProcess],
) -> None:
    start("another").open_page(ANN)
    start().open_page(BORIS)

    wait_for(BORIS)


def test_nobody_is_online_while_redis_is_away(
    prefix: str, settings: Settings, start: Callable[..., WebProcess]
) -> None:
    start().open_page(ANN)
    wait_for(ANN)

    presence._client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert presence.online({ANN}) == set()


@pytest.mark.django_db
def test_a_mail_waits_until_the_last_page_is_closed_wherever_it_is_open(
    start: Callable[..., WebProcess],
) -> None:
    user = User.objects.create(username="ann", email="ann@example.org")
    one, other = start(), start()
    close, close_other = one.open_page(user.pk), other.open_page(user.pk)
    wait_for_listeners(user.pk, 2)

    def look_again() -> str:
        Delivery.objects.filter(next_at__isnull=False).update(
            next_at=clock.now() - timedelta(seconds=1)
        )
        delivering.work(5)
        return Delivery.objects.get().status

    services.notify(recipient=user, title="Hi", channels=["email"], skip_if_online=True)

    assert look_again() == "pending"
    assert Delivery.objects.get().hold_reason == "online"
    close()
    wait_for_listeners(user.pk, 1)
    assert look_again() == "pending"
    close_other()
    wait_until(lambda: look_again() == "sent", seconds=SECONDS, what="the mail left")


def wait_for_listeners(user_id: int, count: int) -> None:
    """Wait until so many processes listen for somebody."""
    layer: Any = get_channel_layer()
    channel = layer.channel_of_group(groups.user(user_id))

    def is_so() -> bool:
        [(_, found)] = presence._client().pubsub_numsub(channel)
        return bool(found == count)

    wait_until(is_so, seconds=SECONDS, what=f"{count} listen for {user_id}")
