"""The book of groups, beside a layer that fails."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import Mock

import pytest
import pytest_asyncio

from apps.realtime.membership import Membership

PATIENCE_SECONDS = 20


class Layer:
    """Keeps what it was asked, and fails as long as it is told to."""

    def __init__(self) -> None:
        self.joined: set[str] = set()
        self.is_away = False
        self.failures = 0

    async def new_channel(self) -> str:
        """Name the one channel."""
        return "channel"

    async def receive_many(self, channel: str, limit: int) -> list[Any]:
        """Have nothing to say."""
        return []

    async def group_add_many(self, groups: list[str], channel: str) -> None:
        """Join."""
        self._answer()
        self.joined.update(groups)

    async def group_discard(self, group: str, channel: str) -> None:
        """Leave."""
        self._answer()
        self.joined.discard(group)

    def _answer(self) -> None:
        if self.is_away:
            self.failures += 1
            raise TimeoutError


@pytest_asyncio.fixture
async def layer() -> Layer:
    return Layer()


@pytest_asyncio.fixture
async def membership(layer: Layer) -> AsyncIterator[Membership]:
    membership = Membership(layer)
    await membership.receive(1)
    task = asyncio.create_task(membership.reconcile())
    yield membership
    task.cancel()


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110  (bounded by the time-out)
            await asyncio.sleep(0.001)


@pytest_asyncio.fixture
async def visitor(membership: Membership, layer: Layer) -> Any:
    """Be somebody who left while the layer was away, which is back now."""
    visitor = Mock(groups=set())
    await membership.join(visitor, {"user.1"})
    layer.is_away = True
    membership.leave(visitor, {"user.1"})
    await until(lambda: layer.failures == 1)
    assert layer.joined == {"user.1"}
    layer.is_away = False
    return visitor


@pytest.mark.usefixtures("visitor")
async def test_a_group_that_could_not_be_left_is_left_later(
    membership: Membership,
    layer: Layer,
) -> None:
    membership.retry()

    await until(lambda: layer.joined == set())


async def test_who_comes_back_meanwhile_is_in_the_group(
    membership: Membership,
    layer: Layer,
    visitor: Any,
) -> None:
    # As a layer does that forgot the group before it failed.
    layer.joined.clear()
    await membership.join(visitor, {"user.1"})

    assert layer.joined == {"user.1"}
    membership.leave(visitor, {"user.1"})
    await until(lambda: layer.joined == set())
