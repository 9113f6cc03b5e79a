"""The session engine: Django's rows with the user's id beside the data.

https://docs.djangoproject.com/en/5.2/topics/http/sessions/#extending-database-backed-session-engines
"""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils.dateparse import parse_datetime

from apps.accounts.models import UserSession

LOGIN = "login"


class SessionStore(DatabaseStore):
    """Keeps sessions where they can be found by user."""

    @classmethod
    def get_model_class(cls) -> type[UserSession]:
        """Name the table."""
        return UserSession

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        """Copy out of the data what the table is asked for."""
        row = super().create_model_instance(data)
        assert isinstance(row, UserSession)  # noqa: S101  (made by get_model_class)
        login: dict[str, str] = data.get(LOGIN, {})
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.begun_at = parse_datetime(login.get("at", ""))
        row.ip_address = login.get("ip_address", "")
        row.user_agent = login.get("user_agent", "")
        return row
