"""The live page: an empty document that loads the built frontend.

Source: https://vite.dev/guide/backend-integration (the manifest)
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

ENTRY = "src/main.ts"
NOT_BUILT = "The live page is not built yet: run `make frontend` and start again.\n"
# Nothing inline and nothing from elsewhere; "self" covers the WebSocket too.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "object-src 'none'",
    ),
)


@dataclass(frozen=True)
class Assets:
    """File names of the built frontend, below STATIC_URL."""

    script: str
    stylesheets: tuple[str, ...]


@require_safe
@ensure_csrf_cookie
def live_page(request: HttpRequest) -> HttpResponse:
    """Show the page; the cookie it sets lets the login form post."""
    assets = built_assets()
    if assets is None:
        response = HttpResponse(
            NOT_BUILT,
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            content_type="text/plain; charset=utf-8",
        )
    else:
        context = {"assets": assets, "signed_in": request.user.is_authenticated}
        response = render(request, "realtime/page.html", context)
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Cache-Control"] = "no-store"
    return response


def built_assets() -> Assets | None:
    """Say which files the frontend was built into; None when it was not."""
    manifest = Path(settings.FRONTEND_DIST) / ".vite" / "manifest.json"
    try:
        built_at = manifest.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _read_manifest(manifest, built_at)


@lru_cache(maxsize=1)
def _read_manifest(manifest: Path, _built_at: int) -> Assets:
    # The time of the build is part of the cache's key: a new build shows at once.
    entry = json.loads(manifest.read_text(encoding="utf-8"))[ENTRY]
    return Assets(script=entry["file"], stylesheets=tuple(entry.get("css", ())))
