"""Django's SMTP, with the one thing it does not tell: whether a text had left."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class _Noting:
    """Notes when a message's text begins to leave, and when it is over."""

    has_begun = False

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
