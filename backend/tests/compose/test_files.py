"""What compose, Docker, the shell and Grafana read, checked without an engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import apps.push.metrics
import apps.realtime.metrics  # noqa: F401  (adds to the registry)
from apps.common import deployment
from apps.common.metrics import REGISTRY
from tests.compose.scripts import COMPOSE, HEALTH, ROOT, START

FILE = ROOT / "docker-compose.yml"
SERVICES = YAML(typ="safe").load(FILE.read_text())["services"]
ONE_SHOT = {"secrets", "setup"}
LASTING = set(SERVICES) - ONE_SHOT - {"tests"}
OURS = {"web", "rabbitmq_consumer", "worker", "beat", "flower", "sandbox", *ONE_SHOT}
SCRIPTS = [
    COMPOSE / "update",
    COMPOSE / "environment.sh",
    *sorted(START.iterdir()),
    *sorted(HEALTH.iterdir()),
]


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def script_of(service: str) -> Path:
    """Find the start script that the service's command or entry point names."""
    described: dict[str, Any] = SERVICES[service]
    named = (described.get("command") or described["entrypoint"])[0]
    return START / Path(named).name


def test_the_compose_file_follows_the_compose_specification(tmp_path: Path) -> None:
    checker = tool("check-jsonschema")

    done = run(checker, "--builtin-schema", "vendor.compose-spec", str(FILE))

    assert done.returncode == 0, done.stdout + done.stderr
    if has_docker_compose():
        shutil.copy(ROOT / ".env.example", tmp_path / ".env")
        arguments = ["--env-file", str(tmp_path / ".env"), "config", "--quiet"]
        read = run("docker", "compose", *arguments)
        assert read.returncode == 0, read.stderr


def has_docker_compose() -> bool:
    if not shutil.which("docker"):
        return False
    return run("docker", "compose", "version").returncode == 0


def test_the_dockerfile_passes_hadolint() -> None:
    done = run(tool("hadolint"), str(COMPOSE / "Dockerfile"))

    assert done.returncode == 0, done.stdout


def test_the_services_are_those_that_were_asked_for() -> None:
    wanted = {
        *("nginx", "web", "rabbitmq_consumer", "worker", "beat", "flower"),
        *("postgres", "redis", "rabbitmq", "sandbox"),
    }

    assert wanted == LASTING


@pytest.mark.parametrize("name", sorted(LASTING))
def test_a_lasting_service_is_watched_restarted_and_hardened(name: str) -> None:
    service = SERVICES[name]

    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["user"].split(":")[0] not in {"", "0", "root"}
    (health,) = service["healthcheck"]["test"][1:]
    assert (HEALTH / Path(health).name).stat().st_mode & 0o111


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_process_of_ours_is_the_one_image(name: str) -> None:
    images = {SERVICES[ours]["image"] for ours in OURS}

    assert images == {SERVICES[name]["image"]}
    assert SERVICES[name]["build"]["target"] == "carillon"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_command_is_a_start_script(name: str) -> None:
    assert script_of(name).stat().st_mode & 0o111


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_for_what_it_needs(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        expected = (
            "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        )

        assert wait["condition"] == expected, other


@pytest.mark.parametrize("target", ["stop", "clean"])
def test_make_ends_the_services_of_every_profile(target: str) -> None:
    lasting = {name for name in SERVICES if target == "clean" or name != "tests"}
    profiles = {each for name in lasting for each in SERVICES[name].get("profiles", ())}

    told = run("make", "--dry-run", target).stdout

    assert profiles == set(re.findall(r"--profile (\w+)", told))


def test_what_must_last_is_in_named_volumes() -> None:
    volumes = YAML(typ="safe").load(FILE.read_text())["volumes"]
    mounted = {
        mount.split(":")[0]
        for service in SERVICES.values()
        for mount in service.get("volumes", ())
    }

    assert set(volumes) == {"secrets", "static", "postgres", "rabbitmq"}
    assert set(volumes) <= mounted
    assert all(name in volumes or name.startswith("./") for name in mounted)


def test_servers_believe_nginx_alone() -> None:
    address = SERVICES["nginx"]["networks"]["edge"]["ipv4_address"]

    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == address


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    documented = set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))

    used = set(re.findall(r"\$\{([A-Z_]+)", FILE.read_text()))

    assert used <= documented


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_can_be_read_by_a_shell(script: Path, shell: str) -> None:
    assert run(shell, "-n", str(script)).returncode == 0


@pytest.mark.parametrize("script", sorted(START.iterdir()), ids=lambda path: path.name)
def test_a_start_script_becomes_its_process(script: Path) -> None:
    text = re.sub(r"\nEND$", "", script.read_text().strip())
    text = re.sub(r"<< END\n.*", "<< END", text, flags=re.DOTALL)
    commands = [line for line in text.splitlines() if line and line[0] not in "# \t"]

    assert text.startswith("#!/bin/sh\n# ")
    assert commands[-1].startswith("exec ")


def test_the_image_holds_no_secret_and_no_leftovers() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert {".env", ".git", "data", "*.key", ".venv", "**/node_modules"} <= set(ignored)


def test_the_dashboard_draws_metrics_that_there_are() -> None:
    dashboard = json.loads((COMPOSE / "grafana" / "carillon.json").read_text())
    expressions = " ".join(
        target["expr"] for panel in dashboard["panels"] for target in panel["targets"]
    )

    drawn = set(re.findall(r"carillon_\w+", expressions))

    known = {
        sample
        for metric in (*REGISTRY.collect(), *deployment.REGISTRY.collect())
        for suffix in ("", "_total", "_bucket", "_count", "_sum")
        for sample in [f"{metric.name}{suffix}"]
    }
    assert len(drawn) >= 8
    assert drawn <= known
