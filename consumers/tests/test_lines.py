"""A connection that is about to end says nothing more on its channel."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from pika.exceptions import ChannelClosedByBroker, ChannelWrongStateError

from consumers import amqp
from consumers.amqp import Intake, Outlet
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


def test_nothing_is_said_on_the_channel_of_what_comes_in(opened: Mock) -> None:
    refused = Mock()
    intake = Intake(
        Mock(), on_refused=refused, on_message=Mock(), is_worker_free=lambda: True
    )
    intake.open()
    channel = Channel()
    intake._channel_opened(channel)
    channel.is_closing = True

    intake._channel_closed(channel, ChannelClosedByBroker(404, "no queue"))
    intake.done([a_message(b"{}")], are_all_before=True)
    paused = Mock()
    intake.pause(then=paused)
    intake.resume()

    paused.assert_called_once()
    refused.assert_not_called()
    assert not intake.is_ready


def test_nothing_is_said_on_the_channel_of_what_goes_out(opened: Mock) -> None:
    returned = Mock()
    outlet = Outlet(
        Mock(), on_refused=Mock(), on_confirmed=Mock(), on_returned=returned
    )
    outlet.open()
    channel = Channel()
    outlet._channel_opened(channel)
    channel.is_closing = True

    outlet._channel_closed(channel, ChannelClosedByBroker(404, "no exchange"))
    outlet.publish([OutboxResult(pk=7)])

    returned.assert_called_once_with([7])


def test_a_refusal_counts_until_all_is_declared(
    opened: Mock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(amqp, "declare", Mock())
    refused = Mock()
    intake = Intake(
        Mock(), on_refused=refused, on_message=Mock(), is_worker_free=lambda: True
    )
    intake.open()
    channel = Channel()
    intake._channel_opened(channel)

    intake._channel_closed(channel, ChannelClosedByBroker(406, "other arguments"))

    refused.assert_called_once()
