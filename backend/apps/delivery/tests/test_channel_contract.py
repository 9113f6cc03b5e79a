"""Every channel of the folder passes the same contract (docs/adding-a-channel.md)."""

import socket
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from apps.delivery import channels, http
from apps.delivery.tests import contract, rigs
from apps.delivery.tests.faulty_server import FaultyServer

# E-mail does not speak HTTP; test_email_contract.py says the same to it.
ELSEWHERE = {"email"}
MANNERS = sorted(set(rigs.USUAL) - rigs.LATE - {"refused"})


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


def address_at(name: str, url: str, settings: Settings) -> str:
    """Point a channel at a server and return where it sends."""
    rig = rigs.RIGS[name]
    for key, value in rig.settings(url).items():
        setattr(settings, key, value)
    return rig.address.replace("http://127.0.0.1", url)


@pytest.fixture
def limit(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Callable[[float], None]:
    """Let channels wait for so long where they wait ten seconds."""

    def limited(seconds: float) -> None:
        monkeypatch.setattr(http, "TOTAL_SECONDS", seconds)
        settings.SMS_GATEWAY_TIMEOUT = seconds

    return limited


def test_every_channel_is_tested() -> None:
    assert set(channels.names()) == set(rigs.RIGS) | ELSEWHERE


@pytest.mark.parametrize("name", sorted(rigs.RIGS))
@pytest.mark.parametrize("manner", MANNERS)
def test_any_answer_has_its_class(
    name: str, manner: str, server: FaultyServer, settings: Settings
) -> None:
    address = address_at(name, server.url, settings)

    contract.check_answer(name, manner, server=server, address=address)


@pytest.mark.parametrize("name", sorted(rigs.RIGS))
@pytest.mark.parametrize("manner", sorted(rigs.LATE))
def test_an_answer_that_comes_too_late_has_its_class(
    name: str,
    manner: str,
    server: FaultyServer,
    settings: Settings,
    limit: Callable[[float], None],
) -> None:
    address = address_at(name, server.url, settings)
    server.respond = getattr(server, manner)

    contract.check_late_answer(
        name,
        {**rigs.USUAL, **rigs.RIGS[name].expected}[manner],
        address=address,
        arrived=server.requests,
        limit=limit,
    )


@pytest.mark.parametrize("name", sorted(rigs.RIGS))
def test_patience_is_understood_in_both_forms(
    name: str, server: FaultyServer, settings: Settings
) -> None:
    address = address_at(name, server.url, settings)

    contract.check_patience(name, server=server, address=address)


@pytest.mark.parametrize("name", sorted(rigs.RIGS))
def test_a_refused_connection_is_tried_again(name: str, settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        address = address_at(name, url, settings)

        assert contract.outcome(name, address) == rigs.AGAIN


@pytest.mark.parametrize("name", sorted(rigs.RIGS))
def test_it_has_the_manners_of_a_channel(
    name: str, server: FaultyServer, settings: Settings
) -> None:
    address_at(name, server.url, settings)

    contract.check_manners(name)
