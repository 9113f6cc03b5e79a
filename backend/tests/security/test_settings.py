"""The settings that security rests on, as they are in force."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hasher

READ = """
import json, sys
from config import settings
names = sys.argv[1:]
print(json.dumps({name: getattr(settings, name) for name in names}, default=str))
"""
SECRET = "k9Xw2LqT7vBz4RfY8mNc1HpJ6sDg3EaU5iOyZxQtWlKbVnMh0r"


def read(folder: Path, environment: dict[str, str], *names: str) -> dict[str, Any]:
    """Read settings as a process with this environment has them."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    result = subprocess.run(
        [sys.executable, "-c", READ, *names],
        cwd=settings.ROOT / "backend",
        env={**kept, "DATA_DIR": str(folder), "READ_DOT_ENV": "0", **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    values: dict[str, Any] = json.loads(result.stdout)
    return values


def test_https_rules_follow_from_the_public_url(tmp_path: Path) -> None:
    names = (
        "SECURE_SSL_REDIRECT",
        "SECURE_HSTS_SECONDS",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
    )

    https = read(tmp_path, {"PUBLIC_URL": "https://push.example.org"}, *names)
    plain = read(tmp_path, {"PUBLIC_URL": "http://push.example.org"}, *names)

    assert https == dict(zip(names, (True, 31_536_000, True, True), strict=True))
    assert plain == dict(zip(names, (False, 0, False, False), strict=True))


def test_origins_have_scheme_and_port(tmp_path: Path) -> None:
    values = read(
        tmp_path,
        {"PUBLIC_URL": "https://push.example.org:8443/"},
        "WS_ALLOWED_ORIGINS",
        "CSRF_TRUSTED_ORIGINS",
        "ALLOWED_HOSTS",
    )

    assert values["WS_ALLOWED_ORIGINS"] == ["https://push.example.org:8443"]
    assert values["CSRF_TRUSTED_ORIGINS"] == ["https://push.example.org:8443"]
    assert "push.example.org" in values["ALLOWED_HOSTS"]
    assert "*" not in values["ALLOWED_HOSTS"]


def test_postgresql_and_redis_have_limits(tmp_path: Path) -> None:
    values = read(
        tmp_path,
        {
            "ENVIRONMENT": "production",
            "SECRET_KEY": SECRET,
            "DATABASE_URL": "postgres://u:p@db/carillon",
            "REDIS_URL": "redis://redis/0",
            "CELERY_BROKER_URL": "amqp://u:p@rabbitmq/",
        },
        "DATABASES",
        "CHANNEL_LAYERS",
        "CELERY_BROKER_TRANSPORT_OPTIONS",
    )

    database = values["DATABASES"]["default"]
    assert database["CONN_MAX_AGE"] == 0
    assert database["ATOMIC_REQUESTS"] is False
    assert database["OPTIONS"]["pool"] == {"min_size": 2, "max_size": 8, "timeout": 3}
    assert database["OPTIONS"]["connect_timeout"] == 3
    for limit in (
        "statement_timeout=5000",
        "lock_timeout=2000",
        "idle_in_transaction_session_timeout=10000",
    ):
        assert limit in database["OPTIONS"]["options"]
    config = values["CHANNEL_LAYERS"]["default"]["CONFIG"]
    (host,) = config["hosts"]
    assert host["socket_timeout"] == 2
    assert host["socket_connect_timeout"] == 1
    assert host["health_check_interval"] == 15
    assert config["symmetric_encryption_keys"] == [SECRET]
    assert values["CELERY_BROKER_TRANSPORT_OPTIONS"] == {"confirm_publish": True}


def test_proxy_headers_count_only_where_a_proxy_is_trusted(tmp_path: Path) -> None:
    without = read(tmp_path, {}, "TRUSTED_PROXIES")
    with_proxy = read(
        tmp_path,
        {"TRUSTED_PROXIES": "10.0.0.0/8"},
        "SECURE_PROXY_SSL_HEADER",
    )

    assert without == {"TRUSTED_PROXIES": []}
    assert with_proxy["SECURE_PROXY_SSL_HEADER"] == ["HTTP_X_FORWARDED_PROTO", "https"]


def test_sqlite_waits_for_its_turn_and_loses_nothing() -> None:
    if not settings.DATABASE_IS_SQLITE:
        pytest.skip("this run is on PostgreSQL")
    options: Any = settings.DATABASES["default"]["OPTIONS"]

    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        assert pragma in options["init_command"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_COOKIE_HTTPONLY", True),
        ("SESSION_COOKIE_SAMESITE", "Lax"),
        ("SESSION_COOKIE_AGE", 43_200),
        ("SECURE_CONTENT_TYPE_NOSNIFF", True),
        ("X_FRAME_OPTIONS", "DENY"),
        ("SECURE_REFERRER_POLICY", "same-origin"),
        ("SECURE_CROSS_ORIGIN_OPENER_POLICY", "same-origin"),
        ("DATA_UPLOAD_MAX_MEMORY_SIZE", 1_048_576),
        ("FILE_UPLOAD_MAX_MEMORY_SIZE", 1_048_576),
        ("DATA_UPLOAD_MAX_NUMBER_FIELDS", 200),
        ("CELERY_TASK_ACKS_LATE", True),
        ("CELERY_TASK_REJECT_ON_WORKER_LOST", True),
        ("CELERY_WORKER_PREFETCH_MULTIPLIER", 1),
        ("CELERY_TASK_TIME_LIMIT", 120),
        ("CELERY_TASK_SOFT_TIME_LIMIT", 90),
        ("CELERY_TASK_IGNORE_RESULT", True),
        ("CELERY_BROKER_CONNECTION_MAX_RETRIES", None),
        ("CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT", 20),
        ("CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS", True),
        ("CELERY_ACCEPT_CONTENT", ["json"]),
        ("CELERY_TASK_SERIALIZER", "json"),
        ("DEBUG", False),
        ("USE_TZ", True),
    ],
)
def test_a_setting_is_in_force(name: str, value: object) -> None:
    assert getattr(settings, name) == value


def test_the_api_is_closed_by_default_and_reads_strict_json_only() -> None:
    api: Any = settings.REST_FRAMEWORK

    assert api["DEFAULT_PERMISSION_CLASSES"] != []
    assert "AllowAny" not in str(api["DEFAULT_PERMISSION_CLASSES"])
    assert api["DEFAULT_PARSER_CLASSES"] == ["apps.common.parsing.StrictJSONParser"]
    assert api["EXCEPTION_HANDLER"] == "apps.common.errors.exception_handler"
    # The first one decides between 401 and 403.
    assert "UserToken" in api["DEFAULT_AUTHENTICATION_CLASSES"][0]


def test_passwords_are_hashed_with_argon2() -> None:
    assert get_hasher().algorithm == "argon2"


def test_no_wildcard_opens_the_api_to_other_origins() -> None:
    assert "corsheaders" not in settings.INSTALLED_APPS
    assert not hasattr(settings, "CORS_ALLOW_ALL_ORIGINS")
