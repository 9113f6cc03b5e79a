"""Where a body may be larger: files with clients, from somebody who shows a login."""

from typing import Any

import pytest
from django.conf import settings

from config import edge

IMPORT = "/api/clients/import/"


def scope(path: str, *headers: bytes, method: str = "POST") -> dict[str, Any]:
    """Describe a request as the server does."""
    return {
        "path": path,
        "method": method,
        "headers": [(name, b"something") for name in headers],
    }


@pytest.mark.parametrize(
    ("asked", "limit"),
    [
        (scope(IMPORT, b"authorization"), settings.IMPORT_BODY_LIMIT),
        (scope(IMPORT, b"x-service-token"), settings.IMPORT_BODY_LIMIT),
        (
            scope("/admin/mailings/client/import/", b"cookie"),
            settings.IMPORT_BODY_LIMIT,
        ),
        (scope(IMPORT), settings.REQUEST_BODY_LIMIT),
        (scope(IMPORT, b"cookie", method="PUT"), settings.REQUEST_BODY_LIMIT),
        (scope("/api/clients/", b"authorization"), settings.REQUEST_BODY_LIMIT),
    ],
)
def test_b13_only_an_import_with_a_login_may_be_large(
    asked: dict[str, Any], limit: int
) -> None:
    assert edge._body_limit(asked) == limit
