"""The RabbitMQ entrance as an installed app: its tables, its admin, its command."""

from django.apps import AppConfig

from apps.common import backlog


class ConsumersConfig(AppConfig):
    """What `python -m consumers` runs."""

    name = "consumers"
    verbose_name = "RabbitMQ"

    def ready(self) -> None:
        """Say what waits: for RabbitMQ, and for somebody who decides."""
        results = self.get_model("OutboxResult")._default_manager
        letters = self.get_model("DeadLetter")._default_manager
        backlog.watch("results", results.all)
        backlog.watch("dead_letters", lambda: letters.filter(sent_again_at=None))
