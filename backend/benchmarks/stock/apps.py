"""The baseline as a Django application."""

from django.apps import AppConfig


class StockConfig(AppConfig):
    """One table, no migrations."""

    name = "benchmarks.stock"
    label = "stock"
