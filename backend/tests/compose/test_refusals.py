"""What a production profile does not start with: exit code 2 and one sentence."""

import pytest

from tests.compose.scripts import COMPOSE, START, run_script
from tests.processes import manage

pytestmark = pytest.mark.services

SECRET = "kJ8#vQ2!mZ7@pL4$xN9%wR1^tB6&yH3*cF5(dG0)sA_eU"
SAMPLE = dict(
    line.split("=", 1)
    for line in (COMPOSE / "systemd" / "environment.example").read_text().splitlines()
    if line.startswith("RABBITMQ_URL=")
)
GUEST = "amqp://guest:guest@rabbitmq.example:5672/"


@pytest.fixture
def environment(fresh_postgres_database: str, redis_url: str) -> dict[str, str]:
    return {
        "ENVIRONMENT": "production",
        "DATABASE_URL": fresh_postgres_database,
        "REDIS_URL": redis_url,
        "CELERY_BROKER_URL": redis_url,
        "RABBITMQ_URL": "amqp://someone:canary@127.0.0.1:1/",
        "SECRET_KEY": f"{SECRET}-a-few-more",
        "SECRETS_DIR": "/nonexistent",
        "PORT": "0",
    }


@pytest.mark.parametrize(
    ("name", "changed", "sentence"),
    [
        ("web", {"SECRET_KEY": "change-me"}, "SECRET_KEY is a sample that others know"),
        ("web", {"DEBUG": "1"}, "DEBUG shows settings to visitors"),
        ("beat", {"DEBUG": "1"}, "DEBUG shows settings to visitors"),
        ("web", SAMPLE, "RABBITMQ_URL has a sample password that others know"),
        ("web", {"RABBITMQ_URL": GUEST}, "RABBITMQ_URL uses guest/guest on another"),
        ("worker", {"CELERY_BROKER_URL": GUEST}, "CELERY_BROKER_URL uses guest/guest"),
        ("rabbitmq_consumer", {"RABBITMQ_URL": GUEST}, "RABBITMQ_URL uses guest/guest"),
    ],
)
def test_refuses_what_is_unsafe_in_one_sentence(
    environment: dict[str, str],
    name: str,
    changed: dict[str, str],
    sentence: str,
) -> None:
    done = run_script(START / name, {**environment, **changed})

    assert done.returncode == 2, done.stderr
    (said,) = done.stderr.strip().splitlines()
    assert said.startswith(f"carillon: {sentence}")
    assert "guest:guest" not in said


def test_refuses_demo_passwords(environment: dict[str, str]) -> None:
    local = {**environment, "ENVIRONMENT": "local"}
    make_demo = (
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0)\n"
        "call_command('setup_test_data', force=True, verbosity=0)"
    )
    manage(local, "shell", "-c", make_demo)

    done = run_script(START / "web", environment)

    assert done.returncode == 2
    assert done.stderr.startswith("carillon: Change the demo passwords of these users")


def test_without_a_secret_it_says_what_to_set(environment: dict[str, str]) -> None:
    done = run_script(START / "web", {**environment, "SECRET_KEY": ""})

    assert done.returncode == 2
    assert "SECRET_KEY is not set" in done.stderr
