"""How views describe themselves: errors and logins are said in one place."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from drf_yasg import openapi
from drf_yasg.utils import swagger_auto_schema

Method = TypeVar("Method", bound=Callable[..., Any])
Security = list[dict[str, list[str]]]

ANYONE: Security = []
PERSON: Security = [{"Token": []}]
SERVICE: Security = [{"ServiceId": [], "ServiceToken": []}]

ERROR = openapi.Schema(
    title="Error",
    type=openapi.TYPE_OBJECT,
    required=["detail"],
    properties={
        "detail": openapi.Schema(
            type=openapi.TYPE_STRING,
            description="What went wrong, for people.",
        ),
        "code": openapi.Schema(
            type=openapi.TYPE_STRING,
            description="The same for programs; it does not change.",
        ),
    },
)
INVALID = openapi.Schema(
    title="Invalid",
    type=openapi.TYPE_OBJECT,
    description=(
        'The texts by field, `{"field": ["…"]}`, or `{"detail": "…", "code": "…"}` '
        "when the request as a whole is wrong."
    ),
)

BAD_REQUEST = openapi.Response("The request is not valid.", INVALID)
UNAUTHENTICATED = openapi.Response("No valid login was given.", ERROR)
FORBIDDEN = openapi.Response("The caller may not do this.", ERROR)
NOT_FOUND = openapi.Response("It does not exist, or is not the caller's.", ERROR)
CONFLICT = openapi.Response("The present state does not allow this.", ERROR)
TOO_LARGE = openapi.Response("The body or a part of it is too large.", ERROR)
UNPROCESSABLE = openapi.Response("The request cannot be carried out.", ERROR)
THROTTLED = openapi.Response("Too many tries; see the header Retry-After.", ERROR)
UNAVAILABLE = openapi.Response("Not available just now; see Retry-After.", ERROR)
BY_STATUS: Mapping[int, openapi.Response] = {
    HTTPStatus.BAD_REQUEST: BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED: UNAUTHENTICATED,
    HTTPStatus.FORBIDDEN: FORBIDDEN,
    HTTPStatus.NOT_FOUND: NOT_FOUND,
    HTTPStatus.CONFLICT: CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY: UNPROCESSABLE,
    HTTPStatus.TOO_MANY_REQUESTS: THROTTLED,
    HTTPStatus.SERVICE_UNAVAILABLE: UNAVAILABLE,
}


def errors(*codes: int) -> dict[int, openapi.Response]:
    """Describe the error answers with these status codes."""
    return {code: BY_STATUS[code] for code in codes}


def described(
    *,
    summary: str,
    description: str,
    tags: Sequence[str],
    security: Security,
    responses: Mapping[int, Any],
    **more: Any,
) -> Callable[[Method], Method]:
    """Describe one method of a view; `more` is passed on to drf-yasg."""
    decorator: Callable[[Method], Method] = swagger_auto_schema(
        operation_summary=summary,
        operation_description=description,
        tags=list(tags),
        security=security,
        responses=dict(responses),
        **more,
    )
    return decorator
