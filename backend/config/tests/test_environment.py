"""Every variable: in .env.example, and refused in one sentence when malformed."""

import ast
import importlib
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from config import environment

ROOT = Path(settings.ROOT)
SETTINGS = ROOT / "backend" / "config" / "settings.py"
READERS = {
    "networks": "10.0.0.0/33",
    "one_of": "Neither",
    "origins": "hidden.example",
    "seconds": "soon",
    "switch": "perhaps",
    "url": "gopher://secret@host/",
    "whole_number": "-1",
}


def reading_calls() -> dict[str, ast.Call]:
    """Find where the settings read a variable through a reader that can refuse it."""
    calls = {}
    for path in (SETTINGS, SETTINGS.with_name("environment.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            is_named = bool(node.args) and isinstance(node.args[0], ast.Constant)
            if node.func.id in READERS and is_named:
                calls[ast.literal_eval(node.args[0])] = node
    return calls


CALLS = reading_calls()


def test_the_example_names_every_variable_once_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text()

    named = re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE)

    assert sorted(named) == sorted(environment.KNOWN | of_compose_alone())


def of_compose_alone() -> set[str]:
    """Find what only the containers' description and start scripts read."""
    files = [ROOT / "docker-compose.yml", *(ROOT / "compose").rglob("*")]
    texts = [path.read_text(errors="replace") for path in files if path.is_file()]
    read = {
        name for text in texts for name in re.findall(r"\$\{?([A-Z][A-Z0-9_]*)", text)
    }
    shown = (ROOT / ".env.example").read_text().partition("# --- docker compose")[2]
    return read.intersection(re.findall(r"^#([A-Z][A-Z0-9_]*)=", shown, re.MULTILINE))


def test_the_example_changes_nothing_and_explains_every_variable() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()

    for above, line in itertools.pairwise(lines):
        assert line == "" or line.startswith("#")
        if re.match(r"#[A-Z][A-Z0-9_]*=", line):
            assert above.startswith("# ")


def test_variables_are_read_through_the_environment_module_alone() -> None:
    for path in (
        ROOT / "backend" / "config" / "settings.py",
        *(ROOT / "backend" / "apps").rglob("*.py"),
    ):
        text = path.read_text()
        # It reads the variables of Django's own `createsuperuser`.
        if "tests" not in path.parts and path.name != "ensure_administrator.py":
            assert not re.search(r"os\.(getenv|environ(\.get|\[))", text), path


def test_the_defaults_in_the_example_are_those_of_the_settings() -> None:
    text = (ROOT / ".env.example").read_text()
    shown = dict(re.findall(r"^#([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE))

    for name, call in CALLS.items():
        reader = ast.unparse(call.func)
        default = call.args[1] if len(call.args) > 1 else None
        is_number = reader in {"whole_number", "seconds"}
        if is_number and isinstance(default, ast.Constant):
            assert float(shown[name]) == default.value, name


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_malformed_value_names_the_variable_and_never_the_value(
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call = CALLS[name]
    bad = READERS[ast.unparse(call.func)]
    monkeypatch.setenv(name, bad)
    names: dict[str, Any] = vars(importlib.import_module("config.settings")) | vars(
        environment,
    )

    with pytest.raises(ImproperlyConfigured) as caught:
        eval(compile(ast.Expression(call), "settings", "eval"), names)  # noqa: S307  (our own settings)

    assert str(caught.value).startswith(name)
    assert bad not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["1.5", "٧", "9" * 5000, "0x10", "1e3", "+1", "１", "99999999999"],
)
def test_refuses_what_is_no_whole_number(
    value: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PORT", value)

    with pytest.raises(ImproperlyConfigured):
        environment.whole_number("PORT", 8000, most=65_535)


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "0", "1e9", "1,5", "5s"])
def test_refuses_what_is_no_time(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WS_PING_SECONDS", value)

    with pytest.raises(ImproperlyConfigured):
        environment.seconds("WS_PING_SECONDS", 20)


@pytest.mark.parametrize(
    "value",
    ["mysql://a:b@c/d", "mariadb://a:b@c/d", "MySQL://c/d"],
)
def test_refuses_mysql(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", value)

    with pytest.raises(ImproperlyConfigured, match="does not run on MySQL"):
        environment.database_url()


def test_a43_builds_the_database_url_of_its_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("POSTGRES_HOST", "db")
    monkeypatch.setenv("POSTGRES_PASSWORD", "p@ss/word:#")

    url = environment.database_url()

    assert url == "postgres://carillon:p%40ss%2Fword%3A%23@db:5432/carillon"


def test_keeps_one_secret_that_only_we_can_read(tmp_path: Path) -> None:
    first = environment.kept_secret(tmp_path / "data" / "secret_key")
    second = environment.kept_secret(tmp_path / "data" / "secret_key")

    assert first == second
    assert len(first) >= 50
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_command_line_says_it_in_one_line_and_ends_with_2(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "backend/manage.py", "migrate"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), "REDIS_URL": "x://hidden@host"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert result.returncode == 2
    assert result.stderr == "carillon: REDIS_URL must look like redis://host:6379/0.\n"
