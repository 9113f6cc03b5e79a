"""What refuses to start, with which words, and what does not."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from pytest_django import Settings

from config import checks

GOOD_SECRET = "k9Xw2LqT7vBz4RfY8mNc1HpJ6sDg3EaU5iOyZxQtWlKbVnMh0r"
OPTIONS = ("check", "--deploy", "--fail-level", "WARNING")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_lock() -> Iterator[None]:
    checks.release_data_dir_lock()
    checks._State.has_started = False
    yield
    checks.release_data_dir_lock()
    checks._State.has_started = False


@pytest.fixture
def production(settings: Settings) -> Settings:
    """Set up a production that may start."""
    settings.ENVIRONMENT = "production"
    settings.SECRET_KEY = GOOD_SECRET
    settings.SECRET_KEY_IS_KEPT = False
    settings.DEMO = settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["push.example.org"]
    settings.REDIS_URL = "redis://redis/0"
    settings.CELERY_IS_EMBEDDED = False
    settings.CELERY_BROKER_URL = "amqp://carillon:long@rabbitmq/"
    settings.RABBITMQ_URL = "amqp://carillon:long@rabbitmq/"
    settings.DATABASE_IS_SQLITE = False
    settings.WEB_CONCURRENCY = 4
    settings.SMS_GATEWAY_URL = "https://sms.example.org"
    settings.SMS_USES_SANDBOX = False
    return settings


def test_a_good_production_starts(production: Settings) -> None:
    assert list(checks.problems()) == []


def test_the_embedded_default_starts(settings: Settings) -> None:
    settings.DEMO = True
    settings.HOST = "127.0.0.1"

    assert list(checks.problems()) == []


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"SECRET_KEY_IS_KEPT": True}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me-" + GOOD_SECRET}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + GOOD_SECRET}, "SECRET_KEY"),
        ({"DEBUG": True}, "DEBUG"),
        ({"DEMO": True}, "DEMO"),
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS"),
        ({"DATABASE_IS_SQLITE": True}, "DATABASE_URL"),
        ({"REDIS_URL": ""}, "REDIS_URL"),
        ({"CELERY_IS_EMBEDDED": True}, "CELERY_BROKER_URL"),
        ({"RABBITMQ_URL": "amqp://guest:guest@rabbitmq/"}, "RABBITMQ_URL"),
        ({"RABBITMQ_URL": "amqp://rabbitmq/"}, "RABBITMQ_URL"),
        ({"CELERY_BROKER_URL": "amqp://guest:guest@10.0.0.1/"}, "CELERY_BROKER_URL"),
        ({"RABBITMQ_URL": "amqp://carillon:PASSWORD@127.0.0.1/"}, "RABBITMQ_URL"),
        ({"CELERY_BROKER_URL": "amqp://me:change-me@mq/"}, "CELERY_BROKER_URL"),
        ({"REDIS_URL": "redis://:pass%77ord@redis/0"}, "REDIS_URL"),
        ({"SMS_GATEWAY_URL": "http://sms.example.org"}, "SMS_GATEWAY_URL"),
    ],
)
def test_refuses_in_production(
    production: Settings,
    changes: dict[str, Any],
    word: str,
) -> None:
    for name, value in changes.items():
        setattr(production, name, value)

    (sentence,) = checks.problems()

    assert word in sentence
    assert sentence.endswith(".")
    assert GOOD_SECRET not in sentence


def test_refuses_the_samples_database_password(
    production: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(production.DATABASES["default"], "PASSWORD", "PASSWORD")

    (sentence,) = checks.problems()

    assert sentence.startswith("DATABASE_URL has a sample password")
    assert "PASSWORD" not in sentence


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_guest_may_stay_on_this_host(production: Settings, host: str) -> None:
    production.RABBITMQ_URL = f"amqp://guest:guest@{host}/"

    assert list(checks.problems()) == []


def test_refuses_demo_passwords_in_production(production: Settings) -> None:
    users = get_user_model().objects
    users.create_user("john_eng", password="password123")
    users.create_user("lisa_ops", password="another password")
    users.create_user("somebody", password="password123")

    (sentence,) = checks.problems()

    assert "john_eng" in sentence
    assert "lisa_ops" not in sentence
    assert "somebody" not in sentence
    assert "password123" not in sentence


def test_refuses_an_open_demo(settings: Settings) -> None:
    settings.DEMO = True
    settings.HOST = "0.0.0.0"  # noqa: S104  (what is refused)

    (sentence,) = checks.problems()

    assert "DEMO" in sentence


def test_refuses_several_processes_of_the_embedded_profile(settings: Settings) -> None:
    settings.WEB_CONCURRENCY = 2

    (sentence,) = checks.problems()

    assert "REDIS_URL" in sentence


def test_ends_with_2_and_one_line_each(
    production: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    production.DEBUG = production.DEMO = True

    with pytest.raises(SystemExit) as ended:
        checks.refuse_to_start()

    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_second_server_on_one_data_folder_is_refused(
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.DATA_DIR = tmp_path
    holder = (
        "import fcntl, sys; lock = open(sys.argv[1], 'a');"
        "fcntl.flock(lock, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(tmp_path / "server.lock")]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        with pytest.raises(SystemExit) as ended:
            checks.refuse_to_start()
        assert ended.value.code == 2
        other.communicate("")

    checks.refuse_to_start()
    assert checks.hold_data_dir_lock()


def test_several_servers_may_share_a_folder_with_redis_and_a_broker(
    production: Settings,
    tmp_path: Path,
) -> None:
    production.DATA_DIR = tmp_path

    assert checks.hold_data_dir_lock()
    assert not (tmp_path / "server.lock").exists()


def test_a_worker_of_its_own_needs_a_broker(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        checks._refuse_standalone()

    assert ended.value.code == 2
    assert "CELERY_BROKER_URL" in capsys.readouterr().err


def test_the_worker_inside_a_server_is_no_worker_of_its_own() -> None:
    checks.refuse_to_start()

    checks._refuse_standalone()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ALOWED_HOSTS", "ALLOWED_HOSTS"),
        ("SECRETKEY", "SECRET_KEY"),
        ("REDIS_URI", "REDIS_URL"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
    ],
)
def test_warns_of_what_looks_like_a_typo(name: str, meant: str) -> None:
    assert checks.likely_typos({name}) == [(name, meant)]


def test_leaves_other_programs_variables_alone() -> None:
    others = {
        "PATH",
        "HOME",
        "HOSTNAME",
        "PGHOST",
        "TEST_DATABASE_URL",
        "LANG",
        "SHELL",
    }

    assert checks.likely_typos(others) == []


@pytest.mark.slow
def test_djangos_deployment_checks_pass_in_production(tmp_path: Path) -> None:
    result = subprocess.run(
        [
            sys.executable,
            "backend/manage.py",
            *OPTIONS,
        ],
        cwd=django_settings.ROOT,
        env={
            **os.environ,
            "DATA_DIR": str(tmp_path),
            "READ_DOT_ENV": "0",
            "ENVIRONMENT": "production",
            "SECRET_KEY": GOOD_SECRET,
            "PUBLIC_URL": "https://push.example.org",
            "DEMO": "0",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert result.returncode == 0, result.stderr
