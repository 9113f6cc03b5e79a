"""Renderers of the API."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer


class StaffBrowsableAPIRenderer(BrowsableAPIRenderer):
    """DRF's browsable API for logged-in staff; everyone else gets JSON."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Render HTML for staff, JSON with its own content type for others."""
        context = renderer_context or {}
        user = getattr(context.get("request"), "user", None)
        if getattr(user, "is_staff", False):
            return super().render(data, accepted_media_type, renderer_context)
        if "response" in context:
            context["response"]["Content-Type"] = "application/json"
        return JSONRenderer().render(data, "application/json", renderer_context)
