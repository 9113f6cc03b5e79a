"""The contract of channels in the words of mail servers, beside that of the others."""

import time
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from apps.delivery.base import DeliveryError
from apps.delivery.channels import email
from apps.delivery.tests import contract, rigs
from apps.delivery.tests import faulty_smtp as faults
from apps.delivery.tests.faulty_smtp import GREETING, FaultySmtp, Respond, line

# A receiver who has moved is no fault of ours.
EXPECTED = {**rigs.USUAL, "redirect": rigs.PERMANENT, "long line": rigs.UNKNOWN}
MANNERS = sorted(set(EXPECTED) - rigs.LATE - {"refused"})
WRONG = ["garbage", "cut", "torn", "no http", "huge", "long line", "drip", "never"]


@pytest.fixture
def server(settings: Settings) -> Iterator[FaultySmtp]:
    email._hang_up()
    with FaultySmtp() as running:
        settings.EMAIL_BACKEND = "apps.delivery.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = 10
        yield running
    email._hang_up()


def responses(server: FaultySmtp) -> dict[str, Respond]:
    """Return every manner of answering by its name among all channels."""
    return {
        "200": line("250 OK"),
        "400": line("501 What?"),
        "401": line("535 Who are you?"),
        "404": line("550 No such box"),
        "429": line("450 Slow down"),
        "500": line("451 Broken"),
        "garbage": line("<html>"),
        "cut": faults.cut,
        "torn": faults.torn,
        "no http": line("HTTP/1.1 200 OK"),
        "huge": faults.huge,
        "long line": faults.long_line,
        "redirect": line("551 Moved, try <ann@example.com>"),
        "drip": server.drip,
        "never": server.never,
    }


@pytest.mark.parametrize("manner", MANNERS)
def test_any_answer_to_a_text_has_its_class(manner: str, server: FaultySmtp) -> None:
    server.respond = responses(server)[manner]

    found = contract.outcome("email", "ann@example.org")

    assert found == EXPECTED[manner]
    assert len(server.texts) == 1


@pytest.mark.parametrize("manner", sorted(rigs.LATE))
def test_an_answer_that_comes_too_late_has_its_class(
    manner: str, server: FaultySmtp, settings: Settings
) -> None:
    server.respond = responses(server)[manner]

    contract.check_late_answer(
        "email",
        EXPECTED[manner],
        address="ann@example.org",
        arrived=server.texts,
        limit=lambda seconds: setattr(settings, "EMAIL_TIMEOUT", seconds),
    )


@pytest.mark.parametrize("manner", WRONG)
def test_a_server_that_does_not_greet_was_sent_nothing(
    manner: str, server: FaultySmtp, settings: Settings
) -> None:
    server.moment, server.respond = GREETING, responses(server)[manner]
    settings.EMAIL_TIMEOUT = contract.LIMITS_SECONDS[0]
    began = time.monotonic()

    with pytest.raises(DeliveryError) as caught:
        email.send(contract.parcel_to("ann@example.org"))

    assert caught.value.not_sent
    assert not caught.value.unknown
    assert time.monotonic() - began < contract.LATEST_SECONDS
