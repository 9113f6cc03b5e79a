"""The documentation as the tests read it: pages, marked blocks, tables, links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"

_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_MARKED = re.compile(
    r"^<!-- (?P<kind>\w+): (?P<name>[^>]+?) -->\n"
    r"```(?P<language>\w+)\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block that a comment above it names."""

    kind: str
    name: str
    text: str


def pages() -> list[Path]:
    """List the README and every page of the documentation."""
    return [README, *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """List the marked blocks of a page."""
    found = _MARKED.finditer(page.read_text())
    return [Block(each["kind"], each["name"], each["text"]) for each in found]


def rows(page: Path, table: str) -> list[list[str]]:
    """Return the cells of a marked table, without its head."""
    text = page.read_text().split(f"<!-- table: {table} -->\n")[1]
    lines = text.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def links(page: Path) -> list[str]:
    """List the targets of a page's links; code has none."""
    return _LINK.findall(_FENCED.sub("", page.read_text()))


def anchors(page: Path) -> set[str]:
    """Return the anchors that the headings of a page make."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text()))
    return {_anchor(heading) for heading in headings}


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")
