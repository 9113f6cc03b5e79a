"""docs/operations.md names every metric and every task of the timetable."""

import re

from django.conf import settings

import apps.push.metrics
import apps.realtime.metrics  # noqa: F401  (adds to the registry)
from apps.common import deployment, status
from apps.common.metrics import REGISTRY
from tests.docs.pages import DOCS

PAGE = (DOCS / "operations.md").read_text()


def test_every_metric_is_explained_and_no_other() -> None:
    explained = set(re.findall(r"^\| `(carillon_\w+)` \|", PAGE, re.MULTILINE))

    counted = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for metric in (*REGISTRY.collect(), *deployment.REGISTRY.collect())
        if metric.name.startswith("carillon_")
    }

    assert explained == counted


def test_every_task_of_the_timetable_is_named_and_no_other() -> None:
    named = set(re.findall(r"^\| `([a-z]+\.\w+)` \|", PAGE, re.MULTILINE))

    assert named == {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}


def test_every_part_of_the_status_is_named() -> None:
    for part in (status.WORKER, status.BEAT, status.RABBITMQ_CONSUMER):
        assert f"`{part}`" in PAGE
