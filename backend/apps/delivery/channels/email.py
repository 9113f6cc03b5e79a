"""E-mail through Django's mail: SMTP, or whatever EMAIL_BACKEND is."""

import smtplib
import threading
import time
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from apps.accounts.models import User
from apps.delivery import attachments
from apps.delivery.base import DeliveryError, Parcel, Receipt

NAME = "email"
CONCURRENCY: int = settings.EMAIL_CONCURRENCY
# Servers hang up on who is silent; below what they usually allow.
KEPT_SECONDS = 5.0
_SUBJECT_LENGTH = 250
# What stands for a subject where there is none.
_HEADLINE_LENGTH = 80
_PERMANENT = range(500, 600)
# The server does not want us, whatever the message.
_OUR_FAULT = frozenset({530, 534, 535, 538})


@dataclass
class _Line(threading.local):
    """One connection for each thread, kept between its messages."""

    backend: Any = None
    used_at: float = field(default=0.0)


_line = _Line()


def off_reason() -> str:
    """Ask for a mail server."""
    return "" if settings.EMAIL_IS_CONFIGURED else "E-mail is off; set EMAIL_URL."


def on_unknown() -> str:
    """Repeat: mail programs show one of two mails with the same Message-ID."""
    return "retry"


def address_of(user: User) -> str:
    """Return the user's own."""
    return user.email


def is_address(text: str) -> bool:
    """Accept one plain address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def send(parcel: Parcel) -> Receipt:
    """Hand one mail to the server.

    Raises: DeliveryError.
    """
    message = _message(parcel)
    if not _sent_on_kept_line(message):
        _send(message)
    _line.used_at = time.monotonic()
    # The same words for all: rows that are alike are written together.
    return Receipt("The mail server took it.")


def _sent_on_kept_line(message: EmailMultiAlternatives) -> bool:
    """Use the connection of the last message; no when there is none any more."""
    is_stale = time.monotonic() - _line.used_at > KEPT_SECONDS
    if is_stale or _line.backend is None:
        _hang_up()
        return False
    try:
        _send(message)
    except DeliveryError as error:
        # The server had closed it before anything of this message left.
        is_cut = isinstance(error.__cause__, smtplib.SMTPServerDisconnected)
        if is_cut and not error.unknown:
            return False
        raise
    return True


def _send(message: EmailMultiAlternatives) -> None:
    backend = _opened()
    message.connection = backend
    try:
        backend.send_messages([message])
    except (smtplib.SMTPException, OSError) as error:
        # Who cannot tell may have sent it.
        has_begun = bool(getattr(backend, "has_begun", True))
        _hang_up()
        raise _error(error, has_begun=has_begun) from error
    except BaseException:
        _hang_up()
        raise


def _message(parcel: Parcel) -> EmailMultiAlternatives:
    content = parcel.content
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        # The same at every attempt, so that a repetition is known as one.
        "Message-ID": f"<{parcel.key}.{parcel.round}@{host}>",
        "Auto-Submitted": "auto-generated",
    }
    if settings.PUBLIC_URL and parcel.severity != "critical":
        # RFC 2369: where what comes is chosen. What is critical cannot be switched off.
        headers["List-Unsubscribe"] = f"<{settings.PUBLIC_URL}/#preferences>"
    message = EmailMultiAlternatives(
        # A line break in a header would begin another.
        subject=_one_line(content.subject or content.text[:_HEADLINE_LENGTH]),
        body=content.text,
        to=[parcel.address],
        headers=headers,
    )
    if content.html:
        message.attach_alternative(content.html, "text/html")
    for file in attachments.fetched(content.attachments):
        message.attach(file.name, file.body, file.content_type)
    return message


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_SUBJECT_LENGTH]


def _opened() -> Any:
    if _line.backend is None:
        backend = get_connection()
        try:
            backend.open()
        except (smtplib.SMTPException, OSError) as error:
            raise _error(error, has_begun=False, has_line=False) from error
        _line.backend = backend
    return _line.backend


def _hang_up() -> None:
    backend, _line.backend = _line.backend, None
    if backend is not None:
        try:
            backend.close()
        except (smtplib.SMTPException, OSError):
            # It has hung up already.
            return


def _error(
    error: Exception, *, has_begun: bool, has_line: bool = True
) -> DeliveryError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
        return _answered(code, _text(said))
    if isinstance(error, smtplib.SMTPConnectError) or not has_line:
        return _not_connected(error)
    if isinstance(error, smtplib.SMTPResponseException):
        return _answered(error.smtp_code, _text(error.smtp_error))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryError(str(error), configuration=True)
    return DeliveryError(
        f"The mail server hung up: {type(error).__name__}.",
        unknown=has_begun,
    )


def _not_connected(error: Exception) -> DeliveryError:
    code = getattr(error, "smtp_code", 0)
    return DeliveryError(
        f"No connection to the mail server: {type(error).__name__}.",
        configuration=code in _OUR_FAULT,
        not_sent=True,
        provider_response=str(code or ""),
    )


def _answered(code: int, said: str) -> DeliveryError:
    return DeliveryError(
        f"The mail server answered {code}.",
        permanent=code in _PERMANENT and code not in _OUR_FAULT,
        configuration=code in _OUR_FAULT,
        provider_response=said,
    )


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
