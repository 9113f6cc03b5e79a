"""What `django-admin startproject` and Channels' tutorial give, on the same services.

Weakened nowhere: no middleware, no authentication, a pool of connections, and a channel
layer that keeps everything it gets.
"""

import os

import environ

SECRET_KEY = "stock"  # noqa: S105  (signs nothing)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.stock.urls"
INSTALLED_APPS = ["rest_framework", "channels", "benchmarks.stock"]
MIDDLEWARE: list[str] = []
DATABASES = {
    "default": {
        **environ.Env().db_url_config(os.environ["DATABASE_URL"]),
        "OPTIONS": {"pool": {"min_size": 2, "max_size": 8}},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # The client's default of 100 connections would make it lose messages.
            "hosts": [{"address": os.environ["REDIS_URL"], "max_connections": 5000}],
            "prefix": os.environ["REDIS_PREFIX"],
            "capacity": int(os.environ.get("STOCK_CAPACITY", "1000000")),
        },
    },
}
REST_FRAMEWORK: dict[str, object] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
USE_TZ = True
LOGGING_CONFIG = None
