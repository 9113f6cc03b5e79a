"""The session engine: Django's rows with the user's id beside the data.

https://docs.djangoproject.com/en/5.2/topics/http/sessions/#extending-database-backed-session-engines
"""

from datetime import timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.crypto import salted_hmac
from django.utils.dateparse import parse_datetime

from apps.accounts.models import UserSession
from apps.common import clock

LOGIN = "login"
# To the minute is enough for people, and no more than one write a minute.
SEEN_AGAIN_AFTER = timedelta(minutes=1)


def public_id(session: UserSession) -> str:
    """Name a session so that nobody can make its cookie from the name."""
    return salted_hmac("accounts.session", session.session_key).hexdigest()


class SessionStore(DatabaseStore):
    """Keeps sessions where they can be found by user."""

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        """Name the table."""
        return UserSession

    def load(self) -> dict[str, Any]:
        """Read the session, and note now and then that it is still used."""
        row = self._get_session_from_db()  # type: ignore[attr-defined]
        if row is None:
            return {}
        now = clock.now()
        if row.seen_at is None or row.seen_at < now - SEEN_AGAIN_AFTER:
            UserSession.objects.filter(pk=row.pk).update(seen_at=now)
        data: dict[str, Any] = self.decode(row.session_data)
        return data

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        """Copy out of the data what the table is asked for."""
        row = super().create_model_instance(data)
        assert isinstance(row, UserSession)  # noqa: S101  (made by get_model_class)
        login: dict[str, str] = data.get(LOGIN, {})
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.begun_at = parse_datetime(login.get("at", ""))
        row.ip_address = login.get("ip_address", "")
        row.user_agent = login.get("user_agent", "")
        row.seen_at = clock.now()
        return row
