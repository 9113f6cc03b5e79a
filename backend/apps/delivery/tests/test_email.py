"""E-mail through a real SMTP server: what arrives, what is refused, what is open."""

import asyncio
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from apps.delivery.base import Attachment, Content, DeliveryError, Parcel
from apps.delivery.channels import email
from apps.delivery.tests.faulty_server import FaultyServer, answer, head
from tooling.services.ports import free_port

KEY = "01b8e211-6100-741a-b858-866553921285"


class Catcher:
    """Takes mail, or answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.rcpt_answer = "250 OK"
        self.data_answer: str | None = "250 OK"

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's)
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Answer to a recipient."""
        if self.rcpt_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt_answer

    async def handle_DATA(  # noqa: N802  (aiosmtpd's)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a text, or hang up in the middle."""
        if self.data_answer is None:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "421 gone"
        if self.data_answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            said = message_from_bytes(content, policy=policy.default)
            assert isinstance(said, EmailMessage)
            self.taken.append(said)
        return self.data_answer


@pytest.fixture
def catcher(settings: Settings) -> Iterator[Catcher]:
    email._hang_up()
    caught = Catcher()
    port = free_port()
    controller = Controller(caught, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "apps.delivery.smtp.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_TIMEOUT = 5
    settings.DEFAULT_FROM_EMAIL = "Shop <shop@example.org>"
    settings.PUBLIC_URL = "https://push.example.org"
    yield caught
    email._hang_up()
    controller.stop()


def parcel(**more: Any) -> Parcel:
    content = Content(subject="Привет", text="Text", html="<b>Text</b>")
    return Parcel(
        **{
            "address": "ann@example.org",
            "content": content,
            "message_id": 7,
            "key": KEY,
            **more,
        }
    )


def error_of(sent: Parcel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        email.send(sent)
    return caught.value


def test_a_mail_arrives_with_both_parts_and_its_headers(catcher: Catcher) -> None:
    email.send(parcel())

    [mail] = catcher.taken
    assert mail["Subject"] == "Привет"
    assert mail["From"] == "Shop <shop@example.org>"
    assert mail["To"] == "ann@example.org"
    assert mail["Message-ID"] == f"<{KEY}.1@example.org>"
    assert mail["List-Unsubscribe"] == "<https://push.example.org/#preferences>"
    parts = {part.get_content_type(): part for part in mail.walk()}
    assert parts["text/plain"].get_content().strip() == "Text"
    assert parts["text/html"].get_content().strip() == "<b>Text</b>"


def test_a_repetition_has_the_same_id_and_sending_again_another(
    catcher: Catcher,
) -> None:
    for number in (1, 1, 2):
        email.send(parcel(round=number))

    first, again, resent = (mail["Message-ID"] for mail in catcher.taken)
    assert first == again != resent


def test_what_is_critical_cannot_be_unsubscribed(catcher: Catcher) -> None:
    email.send(parcel(severity="critical"))

    assert catcher.taken[0]["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    "subject",
    [
        "a\r\nBcc: eve@example.org",
        "a\nBcc: eve@example.org",
        "a\rBcc: eve@example.org",
        "a\u2028Bcc: eve@example.org",
        "a\x0bb\x0cc\x85Bcc: eve@example.org",
    ],
)
def test_no_header_comes_in_by_the_subject(catcher: Catcher, subject: str) -> None:
    email.send(parcel(content=Content(subject=subject, text="x")))

    [mail] = catcher.taken
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.org\r\nBcc: eve@example.org",
        "ann@example.org, eve@example.org",
        "Ann <ann@example.org>",
        "ann@",
        "",
    ],
)
def test_an_address_is_one_plain_address(address: str) -> None:
    assert not email.is_address(address)


@pytest.mark.parametrize(
    ("said", "is_permanent", "is_ours"),
    [
        ("450 later", False, False),
        ("421 busy", False, False),
        ("550 no such box", True, False),
        ("552 full", True, False),
        ("535 who are you", False, True),
    ],
)
@pytest.mark.parametrize("step", ["rcpt_answer", "data_answer"])
def test_refusals_have_their_class(
    catcher: Catcher, step: str, said: str, *, is_permanent: bool, is_ours: bool
) -> None:
    setattr(catcher, step, said)

    error = error_of(parcel())

    assert (error.permanent, error.configuration, error.unknown) == (
        is_permanent,
        is_ours,
        False,
    )
    assert said[:3] in error.reason


def test_a_line_that_was_refused_is_used_again(catcher: Catcher) -> None:
    catcher.rcpt_answer = "550 no such box"
    error_of(parcel())
    catcher.rcpt_answer = "250 OK"

    email.send(parcel())

    assert len(catcher.taken) == 1


def test_a_server_that_hangs_up_after_the_text_leaves_a_doubt(
    catcher: Catcher,
) -> None:
    catcher.data_answer = None

    error = error_of(parcel())

    assert error.unknown
    assert not error.permanent


def test_no_server_is_no_connection(catcher: Catcher, settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = unused.getsockname()[1]

        error = error_of(parcel())

    assert error.not_sent
    assert not error.unknown


def test_a_kept_line_that_the_server_closed_costs_no_attempt(
    catcher: Catcher,
) -> None:
    email.send(parcel())
    assert email._line.backend is not None
    email._line.backend.connection.sock.shutdown(socket.SHUT_RDWR)

    email.send(parcel())

    assert len(catcher.taken) == 2


def test_e06_attachments_are_fetched_and_checked(
    catcher: Catcher, settings: Settings
) -> None:
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with FaultyServer() as server:
        server.respond = answer(200, b"a,b\n", Content_Type="text/csv")
        files = (Attachment(url=f"{server.url}/dir/a%20b.csv"),)

        email.send(parcel(content=Content(text="x", attachments=files)))

    [file] = list(catcher.taken[0].iter_attachments())
    assert file.get_filename() == "a b.csv"
    assert file.get_content().strip() == "a,b"


@pytest.mark.parametrize(
    ("respond", "is_permanent"),
    [
        (answer(404), True),
        (answer(503), False),
        (answer(200, b"x", Content_Type="application/x-msdownload"), True),
        (answer(301, b"", Location="http://127.0.0.1/"), False),
        (lambda _: iter([head(200, 9_000_000), b"x" * 9_000_000]), True),
    ],
)
def test_e06_a_bad_attachment_stops_the_mail(
    catcher: Catcher, settings: Settings, respond: Any, *, is_permanent: bool
) -> None:
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    with FaultyServer(respond) as server:
        files = (Attachment(url=f"{server.url}/a"),)

        error = error_of(parcel(content=Content(text="x", attachments=files)))

    assert error.permanent is is_permanent
    assert catcher.taken == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/a", "http://example.org/a", "file:///etc/passwd"]
)
def test_e06_no_attachment_comes_from_inside(catcher: Catcher, url: str) -> None:
    files = (Attachment(url=url),)

    error = error_of(parcel(content=Content(text="x", attachments=files)))

    assert error.permanent
    assert catcher.taken == []
