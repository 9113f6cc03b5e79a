"""The API's description: Swagger UI, ReDoc and the Swagger 2.0 document."""

from typing import Any

from django.conf import settings
from django.urls import URLPattern, path, re_path
from drf_yasg import openapi
from drf_yasg.inspectors import SwaggerAutoSchema
from drf_yasg.views import get_schema_view
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.common.openapi import errors

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

DESCRIPTION = """
Carillon sends notifications to people and remembers them until they were seen.

## Who calls

**A person** asks for a token and sends it with every call:

```
curl -s http://127.0.0.1:8000/api/auth/token/ \\
  -H 'Content-Type: application/json' \\
  -d '{"username": "john_eng", "password": "password123"}'
curl -s http://127.0.0.1:8000/api/user/me/ -H 'Authorization: Token <token>'
```

**A service** has a key with scopes, made by an administrator or by
`manage.py create_service_key NAME --scope notify:send`, and sends it as the two headers
`X-Service-Id` and `X-Service-Token`, as `Authorization: Bearer <id>:<token>`, or as
HTTP Basic.

**The live page** uses the session cookie; whatever changes something needs the header
`X-CSRFToken` then.

## Errors

Errors are JSON: `{"detail": "for people", "code": "for_programs"}`, or the texts by
field, `{"field": ["…"]}`. Every answer carries `X-Request-ID`, which finds the request
in the log.

## Live

Notifications arrive over a WebSocket at `/ws/notifications/`, opened with a ticket from
`POST /api/auth/ticket/`.
"""

INFO = openapi.Info(
    title="Carillon",
    default_version="v1",
    description=DESCRIPTION,
    license=openapi.License(name="MIT"),
)

ANY_CALLER: list[dict[str, list[str]]] = [
    {"Token": []},
    {"ServiceId": [], "ServiceToken": []},
]


class Operation(SwaggerAutoSchema):
    """One operation; what all have in common is said here, not in every view."""

    def get_security(self) -> list[dict[str, list[str]]]:
        """Say which logins are accepted; nothing where none is needed."""
        given = self.overrides.get("security")
        if given is not None:
            return list(given)
        return [] if self._is_public() else ANY_CALLER

    def get_response_serializers(self) -> dict[str, Any]:
        """Add the errors that any operation of this kind can answer."""
        given = super().get_response_serializers()
        responses: dict[str, Any] = given
        for code, response in errors(*self._usual_errors()).items():
            responses.setdefault(str(code), response)
        return responses

    def _usual_errors(self) -> list[int]:
        usual = [503]
        if not self._is_public():
            usual += [401, 403]
        if "{" in self.path:
            usual.append(404)
        if self.method in WITH_BODY:
            usual += [400, 413]
        return usual

    def _is_public(self) -> bool:
        permissions = getattr(self.view, "permission_classes", ())
        return all(permission is AllowAny for permission in permissions)


class MayReadDocs(BasePermission):
    """Everybody, or staff only where DOCS_PUBLIC is off."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Decide by the setting."""
        return settings.DOCS_PUBLIC or bool(getattr(request.user, "is_staff", False))


_view = get_schema_view(INFO, public=True, permission_classes=(MayReadDocs,))
_swagger = _view.with_ui("swagger", cache_timeout=0)

urlpatterns: list[URLPattern] = [
    path("docs/", _swagger, name="docs"),
    path("api/docs/", _swagger, name="api-docs"),
    path("redoc/", _view.with_ui("redoc", cache_timeout=0), name="redoc"),
    re_path(
        r"^docs\.(?P<format>json|yaml)$",
        _view.without_ui(cache_timeout=0),
        name="schema",
    ),
]
