"""What has no domain of its own."""

from django.apps import AppConfig


class CommonConfig(AppConfig):
    """Pagination, error format, clock, ids, idempotency, signs of life."""

    name = "apps.common"
    label = "common"
