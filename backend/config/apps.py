"""The project itself as an app: its checks, and nothing else."""

from django.apps import AppConfig

from config import checks


class ProjectConfig(AppConfig):
    """Registers what must hold where a server or worker starts."""

    name = "config"

    def ready(self) -> None:
        """Connect to `manage.py check` and the start of Celery's processes."""
        checks.register()
