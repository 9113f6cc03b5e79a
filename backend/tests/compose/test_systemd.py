"""The systemd units: what systemd says of them, and what each must have."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.compose.scripts import COMPOSE, ROOT, START

UNITS = COMPOSE / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
LASTING = [path for path in SERVICES if "setup" not in path.name]
INSTALLED = "/opt/carillon"


def read(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # as documented
    unit.read(path)
    return unit


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
