"""The RabbitMQ entrance as an installed app: its tables, its admin, its command."""

from django.apps import AppConfig


class ConsumersConfig(AppConfig):
    """What `python -m consumers` runs."""

    name = "consumers"
    verbose_name = "RabbitMQ"
