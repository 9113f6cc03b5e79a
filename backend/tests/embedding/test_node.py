"""The program of docs/javascript-client.md in Node.js, ended and started again."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.door import Deployment, Door
from tests.docs.pages import DOCS, blocks
from tests.embedding.conftest import DIST
from tests.processes import wait_until
from tooling.frontend import node_environment


@pytest.mark.slow
def test_it_prints_each_notification_once_across_its_restarts(
    carillon: Deployment,
    enter: Callable[[Deployment], Door],
    tmp_path: Path,
) -> None:
    page = blocks(DOCS / "javascript-client.md")
    [block] = [block for block in page if block.name == "node"]
    (tmp_path / "package.json").write_text(json.dumps({"type": "module"}))
    (tmp_path / "program.js").write_text(block.text)
    shutil.copy(DIST / "carillon-client.js", tmp_path)
    member = enter(carillon).member()
    printed = tmp_path / "printed"
    environment = {"PATH": node_environment()["PATH"], "HOME": os.environ["HOME"]}

    def lines() -> list[str]:
        return printed.read_text().splitlines()

    def kept() -> int:
        """Say up to which number the program has kept its position, 0 without one."""
        files = tmp_path.glob("position-carillon.position*")
        text = "".join(file.read_text() for file in files)
        return max(map(int, re.findall(r'"seq":(\d+)', text)), default=0)

    def send(number: int) -> None:
        body = {"user_id": member.user_id, "title": f"Number {number}"}
        carillon.service.post("/api/notifications/send/", body)

    for first in (1, 4):
        with printed.open("ab") as out:
            program = subprocess.Popen(
                [
                    *("node", "--experimental-websocket", "program.js"),
                    *(carillon.url, member.token),
                ],
                cwd=tmp_path,
                env=environment,
                stdout=out,
                stderr=subprocess.PIPE,
            )
        try:
            for number in range(first, first + 3):
                send(number)
            wait_until(
                lambda: len(lines()) >= first + 2,  # noqa: B023  (called before it changes)
                seconds=20,
                what="all are printed",
            )
            # It is written a moment later; without it they would be printed again.
            wait_until(
                lambda: kept() >= first + 2,  # noqa: B023  (called before it changes)
                seconds=20,
                what="the position is kept",
            )
        finally:
            program.kill()
            program.communicate()

    assert lines() == [f"{number}: Number {number} {{}}" for number in range(1, 7)]
