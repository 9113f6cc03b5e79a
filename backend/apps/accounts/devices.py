"""A program's name for people, from the User-Agent header that it sends; pure.

The live page has the same tables for the list of sessions (`browser-name.ts`).
https://www.rfc-editor.org/rfc/rfc9110#section-10.1.5
"""

import re
from functools import lru_cache

LENGTH = 40
# The header is the sender's word: no more of it is looked at.
_LOOKED_AT = 300
# The order counts: every browser claims to be others as well.
_BROWSERS = (
    (r"YaBrowser/", "Yandex Browser"),
    (r"OPR/", "Opera"),
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|Chromium/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
    (r"^Mozilla/", "A browser"),
)
_SYSTEMS = (
    (r"iPhone|iPad", "iOS"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux", "Linux"),
)
# A language is named by its libraries, which say themselves beside it.
_LANGUAGES = {"python", "java", "ruby", "perl", "php"}
_PROGRAMS = {"node": "Node.js"}
_PRODUCT = re.compile(r"(?:^|(?<= ))([A-Za-z][A-Za-z0-9._-]*)(?=/|$| )")


@lru_cache(maxsize=1024)
def named(user_agent: str) -> str:
    """Name a browser and its system, or a program; empty for what has no name.

    Nothing else of the header: neither versions, nor what a sender may put there.
    """
    text = user_agent[:_LOOKED_AT]
    browser = _first(_BROWSERS, text)
    if browser:
        system = _first(_SYSTEMS, text)
        return f"{browser} on {system}" if system else browser
    products = _PRODUCT.findall(text)
    libraries = [each for each in products if each.lower() not in _LANGUAGES]
    name = next(iter([*libraries, *products]), "")
    return _PROGRAMS.get(name, name)[:LENGTH]


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in table if re.search(pattern, text)), "")
