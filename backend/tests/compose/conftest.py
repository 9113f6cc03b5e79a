"""Parts of the production profile, started by their scripts and always ended."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.compose.scripts import Part
from tooling.services.ports import free_port

StartPart = Callable[..., Part]
StartNginx = Callable[..., tuple[Part, str]]


@pytest.fixture(scope="module")
def part_folder() -> Iterator[Path]:
    """Make a folder into which nginx's workers, another user's, can look."""
    folder = Path(tempfile.mkdtemp(prefix="carillon-compose-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def make_part(part_folder: Path) -> Iterator[StartPart]:
    """Make parts that end with the module."""
    made: list[Part] = []

    def make(name: str, environment: Mapping[str, str], *, label: str = "") -> Part:
        label = label or f"{name}-{len(made)}"
        part = Part(name, folder=part_folder, environment=environment, label=label)
        made.append(part)
        return part

    yield make
    for part in reversed(made):
        part.kill()


@pytest.fixture(scope="module")
def start_nginx(make_part: StartPart, part_folder: Path, nginx: str) -> StartNginx:
    """Start nginx before servers on these ports; say its part and its URL."""

    def start(ports: Sequence[int], **environment: str) -> tuple[Part, str]:
        port, health = free_port(), free_port()
        part = make_part(
            "nginx",
            {
                "PATH": f"{Path(nginx).parent}{os.pathsep}{os.environ['PATH']}",
                "WEB_SERVERS": ",".join(f"127.0.0.1:{each}" for each in ports),
                "NGINX_LISTEN": f"127.0.0.1:{port}",
                "NGINX_HEALTH": f"127.0.0.1:{health}",
                "NGINX_FOLDER": str(part_folder / f"nginx-{port}"),
                **environment,
            },
        )
        part.start_until_answering(health, "/")
        return part, f"http://127.0.0.1:{port}"

    return start
