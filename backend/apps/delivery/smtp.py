"""Django's SMTP, bounded, and with what it does not tell: whether a text had left."""

import io
import smtplib
import socket
import time
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

ANSWER_LIMIT = 65_536


class _Answers(io.RawIOBase):
    """What a server says: so many bytes an answer, and in so much time.

    A socket's own time-out counts from byte to byte, and smtplib reads on for as long
    as an answer has lines: a server that drips would keep a worker for ever.
    """

    def __init__(self, sock: socket.socket, seconds: float | None) -> None:
        self._sock = sock
        self._seconds = seconds
        self.expect()

    def expect(self) -> None:
        """Begin with another answer."""
        self._left = ANSWER_LIMIT
        self._end = None if self._seconds is None else time.monotonic() + self._seconds

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come.

        Raises: OSError when it is too much or too late.
        """
        if self._end is not None:
            seconds = self._end - time.monotonic()
            if seconds <= 0:
                raise TimeoutError
            self._sock.settimeout(seconds)
        size = self._sock.recv_into(buffer)
        self._left -= size
        if self._left < 0:
            message = "The answer is too long."
            raise OSError(message)
        return size


class _Noting:
    """Notes when a message's text begins to leave, and when it is over."""

    has_begun = False
    sock: Any
    file: Any
    timeout: Any
    _answers: _Answers

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer.

        Raises: SMTPServerDisconnected where there is none that can be understood.
        """
        if self.file is None:
            self._answers = _Answers(self.sock, self.timeout)
            self.file = io.BufferedReader(self._answers)
        self._answers.expect()
        try:
            code, said = super().getreply()  # type: ignore[misc]  # smtplib.SMTP's
        except smtplib.SMTPResponseException as error:
            # Raised for a line that is too long: the server has not answered that.
            raise smtplib.SMTPServerDisconnected(str(error.smtp_error)) from error
        if code not in range(200, 600):
            self.close()  # type: ignore[attr-defined]  # smtplib.SMTP's
            message = "This is no answer of a mail server."
            raise smtplib.SMTPServerDisconnected(message)
        self.sock.settimeout(self.timeout)
        return code, said

    def data(self, msg: Any) -> Any:
        """Send the text."""
        self.has_begun = True
        answer = super().data(msg)  # type: ignore[misc]  # smtplib.SMTP's
        self.has_begun = False
        return answer


class _Plain(_Noting, smtplib.SMTP):
    """SMTP, or with STARTTLS."""


class _Tls(_Noting, smtplib.SMTP_SSL):
    """SMTP inside of TLS."""


class Backend(EmailBackend):
    """Raises what went wrong, and knows how far it came."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        """Return the class of connections."""
        return _Tls if self.use_ssl else _Plain

    @property
    def has_begun(self) -> bool:
        """Say whether the last message may have been taken without an answer."""
        return bool(getattr(self.connection, "has_begun", False))
