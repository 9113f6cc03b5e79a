"""A connection that is about to end says nothing more on its channel."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from pika.exceptions import ChannelClosedByBroker, ChannelWrongStateError

from consumers import amqp
from consumers.amqp import Intake, Line, Outlet
from consumers.models import OutboxResult
from consumers.tests.builders import a_message


class Channel(Mock):
    """A channel on which nothing may be said once it is closing."""

    is_closing = False

    def _get_child_mock(self, **arguments: Any) -> Mock:
        return Mock(side_effect=self._said, **arguments)

    def _said(self, *_: Any, **__: Any) -> Any:
        if self.is_closing:
            raise ChannelWrongStateError
        return "tag"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mock]:
    """Stand for the connections that are made; nothing is declared anywhere."""
    make = Mock()
    monkeypatch.setattr("pika.SelectConnection", make)
    monkeypatch.setattr(amqp, "declare", lambda channel, names, then: then(None))
    return make


@pytest.fixture
def intake(opened: Mock) -> Intake:
    """Open the line of what comes in."""
    intake = Intake(
        Mock(), on_refused=Mock(), on_message=Mock(), is_worker_free=lambda: True
    )
    intake.open()
    return intake


def refused(line: Line) -> Mock:
    """Return what hears of a refusal."""
    hears: Mock = line._on_refused  # type: ignore[assignment]
    return hears


def close(line: Line, *, code: int) -> None:
    """Give a line its channel and have the broker close it."""
    channel = Channel()
    line._channel_opened(channel)
    channel.is_closing = True
    line._channel_closed(channel, ChannelClosedByBroker(code, "reason"))


def test_nothing_is_said_on_the_channel_of_what_comes_in(intake: Intake) -> None:
    close(intake, code=404)
    intake.done([a_message(b"{}")], are_all_before=True)
    paused = Mock()
    intake.pause(then=paused)
    intake.resume()

    paused.assert_called_once()
    refused(intake).assert_not_called()
    assert not intake.is_ready


def test_nothing_is_said_on_the_channel_of_what_goes_out(opened: Mock) -> None:
    returned = Mock()
    outlet = Outlet(
        Mock(), on_refused=Mock(), on_confirmed=Mock(), on_returned=returned
    )
    outlet.open()

    close(outlet, code=404)
    outlet.publish([OutboxResult(pk=7)])

    returned.assert_called_once_with([7])


def test_a_refusal_counts_until_all_is_declared(
    intake: Intake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(amqp, "declare", Mock())

    close(intake, code=406)

    refused(intake).assert_called_once()
