"""docs/adding-a-channel.md, followed to the letter: from a file to a green contract."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.delivery import channels, http
from apps.delivery.tests import contract, rigs
from apps.delivery.tests.faulty_server import FaultyServer
from apps.notifications import outside
from tests.docs.pages import DOCS

PAGE = DOCS / "adding-a-channel.md"
MANNERS = sorted(set(rigs.USUAL) - rigs.LATE - {"refused"})


def python_blocks() -> list[str]:
    return re.findall(
        r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL
    )


@pytest.fixture
def hall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[FaultyServer]:
    """Write the page's file into the folder of channels, and its rig beside."""
    file, _, rig = python_blocks()
    (tmp_path / "hall.py").write_text(file)
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    monkeypatch.setattr(rigs, "RIGS", dict(rigs.RIGS))
    channels._all.cache_clear()
    exec(compile(rig, "the page's rig", "exec"), {"RIGS": rigs.RIGS, "Rig": rigs.Rig})  # noqa: S102  (the page is ours)
    with FaultyServer() as server:
        for name, value in rigs.RIGS["hall"].settings(server.url).items():
            setattr(settings, name, value)
        yield server
    channels._all.cache_clear()
    sys.modules.pop("apps.delivery.channels.hall", None)


def test_the_file_is_found_by_being_there(hall: FaultyServer) -> None:
    assert "hall" in channels.names()
    assert outside.channels_error(["hall", "email"]) is None
    contract.check_manners("hall")


@pytest.mark.parametrize("manner", MANNERS)
def test_it_passes_the_contract(hall: FaultyServer, manner: str) -> None:
    contract.check_answer("hall", manner, server=hall, address="#tower")


@pytest.mark.parametrize("manner", sorted(rigs.LATE))
def test_it_waits_for_no_answer_for_ever(
    hall: FaultyServer, manner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.respond = getattr(hall, manner)

    contract.check_late_answer(
        "hall",
        rigs.UNKNOWN,
        address="#tower",
        arrived=hall.requests,
        limit=lambda seconds: monkeypatch.setattr(http, "TOTAL_SECONDS", seconds),
    )


def test_it_is_patient(hall: FaultyServer) -> None:
    contract.check_patience("hall", server=hall, address="#tower")


def test_the_setting_is_read_as_the_page_says() -> None:
    _, setting, _ = python_blocks()

    assert re.match(r'HALL_URL = url\("HALL_URL", ', setting)
