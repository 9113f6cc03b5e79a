"""The systemd units: what systemd says of them, and what each must have."""

import configparser
import os
import re
import shutil
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.compose.conftest import StartPart
from tests.compose.scripts import COMPOSE, ROOT, START
from tests.conformance.web import Web
from tooling.services.ports import free_port

UNITS = COMPOSE / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
LASTING = [path for path in SERVICES if "setup" not in path.name]
INSTALLED = "/opt/carillon"


def read(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # as documented
    unit.read(path)
    return unit


def environment_of(path: Path) -> dict[str, str]:
    """Read the variables that a unit sets; configparser keeps only the last line."""
    lines = re.findall(r"^Environment=(.*)$", path.read_text(), re.MULTILINE)
    return dict(each.split("=", 1) for line in lines for each in line.split())


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    for path in UNITS.iterdir():
        here = path.read_text().replace(INSTALLED, str(ROOT))
        (tmp_path / path.name).write_text(here)
    targets = [str(tmp_path / "carillon.target")]
    targets += [str(tmp_path / path.name.replace("@", "@8001")) for path in SERVICES]
    shutil.copy(
        tmp_path / "carillon-web@.service",
        tmp_path / "carillon-web@8001.service",
    )

    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *targets],
            env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        ours = [line for line in done.stderr.splitlines() if "carillon" in line]
        assert ours == []
    assert all(read(Path(target)).sections() for target in targets)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_starts_a_script_without_rights(path: Path) -> None:
    service = read(path)["Service"]
    script = service["ExecStart"].split()[0]

    assert (START / Path(script).name).stat().st_mode & 0o111
    assert script.startswith(f"{INSTALLED}/compose/start/")
    assert service["User"] == "carillon"
    for protection in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert service[protection] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""


@pytest.mark.parametrize("path", LASTING, ids=lambda path: path.name)
def test_a_unit_is_started_again_for_ever(path: Path) -> None:
    unit = read(path)

    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert float(unit["Service"]["TimeoutStopSec"]) >= 10


def test_the_target_wants_every_unit() -> None:
    wanted = read(UNITS / "carillon.target")["Unit"]["Wants"]
    names = {re.sub(r"@\d+", "@", name) for name in wanted.split()}

    assert names == {path.name for path in LASTING}


def test_nginx_and_the_servers_behind_it_listen_on_ports_of_their_own() -> None:
    told = environment_of(UNITS / "carillon-nginx.service")
    wanted = read(UNITS / "carillon.target")["Unit"]["Wants"]

    servers = told["WEB_SERVERS"].split(",")
    listening = [*servers, told["NGINX_HEALTH"], f"127.0.0.1:{told['NGINX_LISTEN']}"]

    assert len(set(listening)) == len(listening)
    assert servers == [f"127.0.0.1:{n}" for n in re.findall(r"web@(\d+)", wanted)]


@pytest.mark.services
def test_nginx_starts_as_under_systemd_with_a_socket_for_its_output(
    make_part: StartPart,
    part_folder: Path,
    nginx: str,
) -> None:
    told = environment_of(UNITS / "carillon-nginx.service")
    port, health = free_port(), free_port()
    log = part_folder / "dev-log"
    output, other_end = socket.socketpair()
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with closing(output), closing(other_end), closing(journal):
        journal.bind(str(log))
        log.chmod(0o666)  # nginx's workers are another user's
        journal.settimeout(30)
        part = make_part(
            "nginx",
            {
                **told,
                "PATH": f"{Path(nginx).parent}{os.pathsep}{os.environ['PATH']}",
                "NGINX_LISTEN": f"127.0.0.1:{port}",
                "NGINX_HEALTH": f"127.0.0.1:{health}",
                "NGINX_FOLDER": str(part_folder / "nginx-of-systemd"),
                "NGINX_LOG": told["NGINX_LOG"].replace("/dev/log", str(log)),
            },
        )

        part.start_until_answering(health, "/", output=output.fileno())
        answer = Web(f"http://127.0.0.1:{port}", {}).request("GET", "/metrics")
        line = journal.recv(4096).decode()

    assert answer.status == 403
    assert "carillon_nginx: 127.0.0.1 " in line
    assert '"GET /metrics" 403 ' in line
