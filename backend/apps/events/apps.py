"""The app's registration with Django."""

from importlib import import_module

from django.apps import AppConfig

from apps.accounts import vocabulary
from apps.common import backlog


class EventsConfig(AppConfig):
    """See docs/events.md for what belongs here."""

    name = "apps.events"
    label = "events"

    def ready(self) -> None:
        """Let people choose among kinds of events; say what waits; add demo data."""
        vocabulary.register_kinds(self.label, self._kinds)
        sends = self.get_model("EventSend")._default_manager
        backlog.watch("event_sends", lambda: sends.filter(status="queued"))
        import_module("apps.events.demo")

    def _kinds(self) -> list[str]:
        events = self.get_model("Event")._default_manager.filter(deleted_at=None)
        return list(events.order_by().values_list("kind", flat=True).distinct())
