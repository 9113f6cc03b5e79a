"""Programs are named by what they say of themselves, and by nothing else of it."""

import pytest

from apps.accounts import devices

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (f"{CHROME} Chrome/131.0.0.0 Safari/537.36", "Chrome on Linux"),
        (f"{CHROME} Chrome/131.0.0.0 Safari/537.36 Edg/131.0", "Edge on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari on iOS",
        ),
        ("Mozilla/5.0 (compatible; somebody@example.org)", "A browser"),
        ("node", "Node.js"),
        ("curl/8.14.1", "curl"),
        ("python-requests/2.32.3", "python-requests"),
        ("Python/3.11 websockets/15.0.1", "websockets"),
        ("Python/3.11 aiohttp/3.11.0", "aiohttp"),
        ("Java/21", "Java"),
        ("", ""),
        ("<script>alert(1)</script>", ""),
        ("79110000000 10.0.0.1", ""),
        (f"{'x' * 200}/1", "x" * devices.LENGTH),
    ],
)
def test_a_program_is_named(header: str, name: str) -> None:
    assert devices.named(header) == name
