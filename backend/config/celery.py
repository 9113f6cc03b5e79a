"""The Celery application; its timetable is in the settings."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("carillon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Without it, `celery.current_app` in other threads is an application of its own
# that knows no broker but localhost.
app.set_default()


@setup_logging.connect
def keep_logging(**_: Any) -> None:
    """Leave logging as the settings say; Celery would put its own in its place."""
