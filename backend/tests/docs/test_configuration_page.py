"""docs/configuration.md and .env.example name the same variables and defaults."""

import re

from tests.docs.pages import DOCS, ROOT

PAGE = DOCS / "configuration.md"
_ROW = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \| ?(.*?) \| (.+) \|$", re.MULTILINE)
_LINE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def _explained() -> list[tuple[str, str, str]]:
    return _ROW.findall(PAGE.read_text())


def _example() -> dict[str, str]:
    return dict(_LINE.findall((ROOT / ".env.example").read_text()))


def test_every_variable_is_explained_once_and_no_other() -> None:
    names = [name for name, _, _ in _explained()]

    assert sorted(names) == sorted(_example())


def test_the_page_shows_the_defaults_of_the_example() -> None:
    shown = {name: default.strip("`") for name, default, _ in _explained()}

    assert shown == _example()


def test_every_variable_is_explained_in_a_sentence() -> None:
    for name, _, meaning in _explained():
        assert len(meaning.split()) >= 3, name
