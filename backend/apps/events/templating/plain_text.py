"""The text of an HTML page, for readers without HTML and for phones."""

import re
from html.parser import HTMLParser

_SILENT = {"head", "style", "script", "title", "template"}
_LINES = {"address", "article", "blockquote", "br", "div", "footer", "header", "hr"}
_LINES |= {"h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "section", "table"}
_LINES |= {"tr", "ul", "pre", "figure", "main", "dl", "dd", "dt"}
_SPACE = re.compile(r"[ \t\r\f\v\xa0]+")
_BLANK_LINES = re.compile(r"\n{3,}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _LINES:
            self.parts.append("\n")
        elif tag in {"td", "th"}:
            self.parts.append(" ")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _LINES - {"br", "hr", "li", "tr"}:
            self.parts.append("\n")
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link.startswith(("http://", "https://", "mailto:")):
                self.parts.append(f" ({link})")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data.replace("\n", " "))


def of_html(html: str) -> str:
    """Return what an HTML page says, with its links in parentheses."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = _SPACE.sub(" ", "".join(reader.parts)).split("\n")
    return _BLANK_LINES.sub("\n\n", "\n".join(map(str.strip, lines))).strip()
