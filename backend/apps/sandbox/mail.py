"""Django's mail, delivered to the sandbox instead of to people."""

import smtplib
from collections.abc import Sequence
from http import HTTPStatus

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from apps.delivery import http

_CODES = {
    HTTPStatus.UNAUTHORIZED: 535,
    HTTPStatus.TOO_MANY_REQUESTS: 450,
    HTTPStatus.BAD_REQUEST: 554,
}


class SandboxBackend(BaseEmailBackend):
    """Posts every message to the sandbox; its answers come back as SMTP's."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send, and say how many were taken.

        Raises: smtplib.SMTPException.
        """
        for message in email_messages:
            _post(message)
        return len(email_messages)


def _post(message: EmailMessage) -> None:
    headers = {
        "Authorization": f"Bearer {settings.SANDBOX_TOKEN}",
        "Content-Type": "message/rfc822",
        "X-Envelope-To": ", ".join(message.recipients()),
    }
    url = f"{settings.SANDBOX_URL}/mail/"
    body = message.message().as_bytes()
    try:
        reply = http.post(url, body, headers=headers, is_trusted=True)
    except http.NoReplyError as error:
        if error.has_begun:
            raise smtplib.SMTPServerDisconnected(error.code) from error
        raise smtplib.SMTPConnectError(421, error.code) from error
    if reply.status != HTTPStatus.OK:
        code = _CODES.get(HTTPStatus(reply.status), 451)
        raise smtplib.SMTPResponseException(code, reply.body or b"")
    said = reply.body or b""
    if b'"code": 1' in said:
        raise smtplib.SMTPResponseException(550, said)
    if b'"code": 0' not in said:
        raise smtplib.SMTPServerDisconnected(said.decode("utf-8", "replace"))
