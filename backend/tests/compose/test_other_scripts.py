"""The scripts of what is not ours, and of what only production has."""

import os
import shutil
import stat
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from tests.compose.conftest import StartPart
from tests.compose.scripts import COMPOSE, ROOT, START, is_answering, run_script
from tests.conformance.web import Web
from tests.processes import wait_until
from tooling.services import programs
from tooling.services.ports import free_port


@pytest.fixture
def secrets_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    run_script(START / "secrets", {"SECRETS_DIR": str(folder)})
    return folder


@pytest.fixture
def image(tmp_path: Path) -> str:
    """Stand in for an image: its entry point says what it was told."""
    entry_point = tmp_path / "docker-entrypoint.sh"
    entry_point.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nenv\n')
    entry_point.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


def test_the_secrets_are_random_and_only_for_their_readers(secrets_dir: Path) -> None:
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in secrets_dir.iterdir()
    }
    values = {path.read_text() for path in secrets_dir.iterdir()}

    assert modes == {
        "secret_key": 0o600,
        "metrics_token": 0o600,
        "flower_basic_auth": 0o600,
        "admin_password": 0o600,
        "postgres_password": 0o640,
        "rabbitmq_login": 0o640,
        "rabbitmq_password": 0o640,
    }
    assert len(values) == len(modes)
    assert len((secrets_dir / "secret_key").read_text().strip()) >= 50


def test_what_is_given_wins_over_what_was_made(secrets_dir: Path) -> None:
    environment = {
        "SECRETS_DIR": str(secrets_dir),
        "RABBITMQ_HOST": "queue.example",
        "RABBITMQ_LOGIN": "me@home",
        "RABBITMQ_PASSWORD": "p/w?d#1",
        "DATA_DIR": str(secrets_dir),
    }
    show = "from django.conf import settings; print(settings.RABBITMQ_URL)"

    given = run_script(START / "manage", environment, "shell", "-v0", "-c", show)
    shown = run_script(START / "info", environment)

    assert given.stdout.strip() == (
        "amqp://me%40home:p%2Fw%3Fd%231@queue.example:5672/"
    )
    assert "login me@home, password p/w?d#1" in shown.stdout


@pytest.mark.parametrize("given", ["", "mine"])
def test_the_administrators_password_that_is_in_force_is_shown(
    secrets_dir: Path,
    given: str,
) -> None:
    environment = {"SECRETS_DIR": str(secrets_dir), "DJANGO_SUPERUSER_PASSWORD": given}

    shown = run_script(START / "info", environment).stdout

    made = (secrets_dir / "admin_password").read_text().strip()
    assert f"first password {given or made}\n" in shown
    assert (made in shown) == (not given)


def test_postgresql_gets_the_password_that_was_made(
    secrets_dir: Path, image: str
) -> None:
    environment = {"PATH": image, "SECRETS_DIR": str(secrets_dir)}

    told = run_script(START / "postgres", environment).stdout

    password = (secrets_dir / "postgres_password").read_text().strip()
    assert told.startswith("postgres\n-c\nmax_connections=200\n")
    assert f"\nPOSTGRES_PASSWORD={password}\n" in told


@pytest.mark.parametrize("given", [{}, {"RABBITMQ_PASSWORD": "mine"}])
def test_rabbitmq_gets_the_login_that_was_made_or_given(
    secrets_dir: Path,
    image: str,
    given: dict[str, str],
) -> None:
    environment = {"PATH": image, "SECRETS_DIR": str(secrets_dir), **given}

    told = run_script(START / "rabbitmq", environment).stdout

    made = (secrets_dir / "rabbitmq_password").read_text().strip()
    assert told.startswith("rabbitmq-server\n")
    assert "\nRABBITMQ_DEFAULT_USER=carillon\n" in told
    assert f"\nRABBITMQ_DEFAULT_PASS={given.get('RABBITMQ_PASSWORD', made)}\n" in told


def test_tests_are_run_with_what_was_asked_for() -> None:
    done = run_script(START / "tests", {}, "--version")

    assert done.returncode == 0
    assert "pytest" in done.stdout


@pytest.mark.parametrize(
    ("failing", "code"), [("nothing", 0), ("/db", 1), ("loadfile", 1)]
)
def test_without_names_the_fast_tests_run_on_postgresql_too(
    tmp_path: Path,
    failing: str,
    code: int,
) -> None:
    copied = tmp_path / "compose" / "start" / "tests"
    copied.parent.mkdir(parents=True)
    shutil.copy(START / "tests", copied)
    shutil.copy(COMPOSE / "environment.sh", tmp_path / "compose")
    (tmp_path / "backend").symlink_to(ROOT / "backend")
    pytest_program = tmp_path / "pytest"
    pytest_program.write_text(
        '#!/bin/sh\necho "$DATABASE_URL $@"\n'
        f'case "$DATABASE_URL $@" in *{failing}*) exit 1;; esac\n',
    )
    pytest_program.chmod(0o755)
    path = [str(tmp_path), str(Path(sys.executable).parent), os.environ["PATH"]]
    there = dict.fromkeys(programs.VARIABLES.values(), "/db")

    done = run_script(copied, {"PATH": os.pathsep.join(path), **there})

    _, fast, _, every = done.stdout.splitlines()
    makefile = (ROOT / "Makefile").read_text()
    assert fast.startswith("/db -q ")
    assert fast.endswith(" -m not services and not browser and not slow backend/apps")
    assert "FAST = not services and not browser and not slow\n" in makefile
    assert " -n 3 --dist loadfile --no-loadscope-reorder" in every
    assert " -n 3 --dist loadfile --no-loadscope-reorder\n" in makefile
    assert done.returncode == code


@pytest.mark.services
def test_redis_starts_and_never_evicts(
    make_part: StartPart,
    redis_url: str,  # so that Redis is installed
) -> None:
    port = free_port()
    server = programs.redis()
    assert server is not None
    environment = {
        "PATH": f"{server.parent}{os.pathsep}{os.environ['PATH']}",
        "REDIS_BIND": "127.0.0.1",
        "REDIS_PORT": str(port),
    }
    redis = make_part("redis", environment)

    redis.start()

    wait_until(redis.is_healthy, seconds=30, what="Redis is healthy")
    assert redis.terminate(within=10) == 0


@pytest.mark.services
def test_flower_wants_its_login(make_part: StartPart, redis_url: str) -> None:
    port = free_port()
    environment = {
        "CELERY_BROKER_URL": redis_url,
        "SECRETS_DIR": "/nonexistent",
        "FLOWER_PORT": str(port),
        "FLOWER_BASIC_AUTH": "watcher:canary",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
    }
    flower = make_part("flower", environment)
    flower.start()
    wait_until(lambda: is_answering(port, "/healthcheck"), seconds=60, what="Flower")
    stranger = Web(f"http://127.0.0.1:{port}", {})
    login = b64encode(b"watcher:canary").decode()

    refused = stranger.request("GET", "/workers")
    shown = stranger.signed(Authorization=f"Basic {login}").request("GET", "/workers")

    assert (refused.status, shown.status) == (401, 200)
    wait_until(flower.is_healthy, seconds=30, what="Flower is healthy")
    assert flower.terminate(within=20) == 0


@pytest.mark.services
def test_flower_does_not_start_without_a_login(redis_url: str) -> None:
    environment = {"CELERY_BROKER_URL": redis_url, "SECRETS_DIR": "/nonexistent"}

    done = run_script(START / "flower", environment)

    assert done.returncode == 2
    assert done.stderr.startswith("carillon: FLOWER_BASIC_AUTH is not set")


@pytest.mark.services
def test_worker_and_beat_work_with_redis_as_their_broker(
    make_part: StartPart,
    redis_url: str,
    fresh_postgres_database: str,
    part_folder: Path,
) -> None:
    environment = {
        "CELERY_BROKER_URL": redis_url,
        "REDIS_URL": redis_url,
        "DATABASE_URL": fresh_postgres_database,
        "SECRETS_DIR": "/nonexistent",
        "DATA_DIR": str(part_folder / "redis-data"),
        "BEAT_SCHEDULE": str(part_folder / "redis-beat"),
    }
    migrated = run_script(START / "manage", environment, "migrate", "-v0")
    assert migrated.returncode == 0, migrated.stderr
    parts = [make_part(name, environment) for name in ("worker", "beat")]

    for part in parts:
        part.start()

    for part in parts:
        wait_until(part.is_healthy, seconds=60, what=f"{part.name} is healthy")
    assert [part.terminate(within=20) for part in parts] == [0, 0]


def update(folder: Path, running: dict[str, str]) -> list[str]:
    """Update where these containers run; say what Docker was asked, in order."""
    docker, said = folder / "docker", folder / "said"
    cases = "".join(f"{name}) echo {ids};;\n" for name, ids in running.items())
    docker.write_text(
        f'#!/bin/sh\necho "$@" >> {said}\n'
        f'if [ "$2" = ps ]; then case $4 in {cases}esac fi\n',
    )
    docker.chmod(0o755)
    environment = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    done = run_script(COMPOSE / "update", environment)
    assert done.returncode == 0, done.stderr
    asked = said.read_text().splitlines()
    return [line for line in asked if not line.startswith("compose ps")]


def test_an_update_starts_the_new_servers_before_it_ends_the_old(
    tmp_path: Path,
) -> None:
    running = {"web": "old-1 old-2", "worker": "w-1 w-2 w-3", "rabbitmq_consumer": "r"}

    asked = update(tmp_path, running)

    up = "compose up --detach"
    assert asked == [
        "compose build",
        "compose run --rm setup",
        f"{up} --wait --no-deps --no-recreate --scale web=4 web",
        f"{up} --wait --no-deps nginx",
        "compose exec -T nginx /opt/carillon/start/nginx --reload",
        "stop --time 15 old-1",
        "rm old-1",
        "stop --time 15 old-2",
        "rm old-2",
        f"{up} --no-deps --no-recreate --scale web=2 web",
        f"{up} --no-deps --scale worker=3 rabbitmq_consumer worker beat flower",
    ]


def test_an_update_of_what_does_not_run_starts_it(tmp_path: Path) -> None:
    asked = update(tmp_path, {})

    assert asked == [
        "compose build",
        "compose run --rm setup",
        "compose up --detach",
    ]
