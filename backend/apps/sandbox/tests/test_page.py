"""The sandbox's page is for staff, and its mail backend for Django."""

import smtplib
from collections.abc import Iterator

import pytest
from django.core.mail import EmailMultiAlternatives
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from apps.common import clock
from apps.delivery.tests.faulty_server import FaultyServer, Respond, answer, cut
from apps.sandbox.mail import SandboxBackend
from apps.sandbox.store import Arrival, Kind, Manner, store


@pytest.fixture(autouse=True)
def fresh_store() -> Iterator[None]:
    yield
    store.clear()
    for kind in Kind:
        store.turn(kind, Manner.WORKS)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


def arrive(text: str = "Hi", html: str = "") -> None:
    store.take(
        Arrival(
            kind=Kind.SMS,
            id="7",
            address="79110000000",
            text=text,
            html=html,
            at=clock.now(),
        )
    )


def backend_at(server: FaultyServer, settings: Settings) -> SandboxBackend:
    settings.SANDBOX_URL = f"{server.url}/sandbox"
    return SandboxBackend()


def a_mail() -> EmailMultiAlternatives:
    return EmailMultiAlternatives("Hi", "Text", "a@example.org", ["b@example.org"])


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["", "arrivals/", "switch/", "clear/"])
def test_it_is_for_staff_alone(path: str, client: Client) -> None:
    method = client.post if path in {"switch/", "clear/"} else client.get

    assert method(f"/sandbox/{path}").status_code == 302


def test_it_shows_what_arrived_and_nothing_in_it_is_markup(
    admin_client: Client,
) -> None:
    arrive(text="<script>alert(1)</script>", html='"><script>alert(2)</script>')

    page = admin_client.get("/sandbox/")

    assert page.status_code == 200
    assert "<script>alert" not in page.content.decode()
    assert "79110000000" in page.content.decode()
    assert "unsafe-eval" in page.headers["Content-Security-Policy"]


def test_the_switches_turn(admin_client: Client) -> None:
    admin_client.post("/sandbox/switch/", {"kind": "sms", "manner": "500"})

    assert store.manner(Kind.SMS) is Manner.ERROR
    assert store.manner(Kind.EMAIL) is Manner.WORKS


def test_an_unknown_switch_changes_nothing(admin_client: Client) -> None:
    admin_client.post("/sandbox/switch/", {"kind": "sms", "manner": "fire"})

    assert store.manner(Kind.SMS) is Manner.WORKS


def test_what_arrived_is_forgotten(admin_client: Client) -> None:
    arrive()

    admin_client.post("/sandbox/clear/")

    assert store.count() == 0


def test_the_mail_backend_posts_the_message(
    server: FaultyServer, settings: Settings
) -> None:
    server.respond = answer(200, b'{"code": 0, "message": "OK"}')

    assert backend_at(server, settings).send_messages([a_mail()]) == 1

    [request] = server.requests
    assert request.path == "/sandbox/mail/"
    assert request.headers["x-envelope-to"] == "b@example.org"
    assert b"Subject: Hi" in request.body


@pytest.mark.parametrize(
    ("respond", "code"),
    [
        (answer(500), 451),
        (answer(429), 450),
        (answer(401), 535),
        (answer(200, b'{"code": 1, "message": "no"}'), 550),
    ],
)
def test_the_switches_are_smtp_answers(
    server: FaultyServer, settings: Settings, respond: Respond, code: int
) -> None:
    server.respond = respond

    with pytest.raises(smtplib.SMTPResponseException) as caught:
        backend_at(server, settings).send_messages([a_mail()])

    assert caught.value.smtp_code == code


@pytest.mark.parametrize("respond", [cut, answer(200, b"<html>")])
def test_a_cut_is_a_lost_connection(
    server: FaultyServer, settings: Settings, respond: Respond
) -> None:
    server.respond = respond

    with pytest.raises(smtplib.SMTPServerDisconnected):
        backend_at(server, settings).send_messages([a_mail()])


def test_the_command_refuses_production(settings: Settings) -> None:
    settings.ENVIRONMENT = "production"

    with pytest.raises(CommandError, match="not in production"):
        call_command("sandbox")
