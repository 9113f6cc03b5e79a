"""The Celery application; its timetable is in the settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("carillon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Without it, `celery.current_app` in other threads is an application of its own
# that knows no broker but localhost.
app.set_default()
