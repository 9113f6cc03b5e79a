"""What the API's description says about errors, in one place."""

from http import HTTPStatus

from drf_yasg import openapi

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
MEANINGS = {
    HTTPStatus.BAD_REQUEST: "The request is not valid.",
    HTTPStatus.UNAUTHORIZED: "No valid login was given.",
    HTTPStatus.FORBIDDEN: "The caller may not do this.",
    HTTPStatus.NOT_FOUND: "It does not exist, or is not the caller's.",
    HTTPStatus.CONFLICT: "The present state does not allow this.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body or a part of it is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The request cannot be carried out.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many tries; see the header Retry-After.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available just now; see Retry-After.",
}


def errors(*codes: int) -> dict[int, openapi.Response]:
    """Describe the error answers with these status codes."""
    return {
        code: openapi.Response(
            MEANINGS[HTTPStatus(code)],
            INVALID if code == HTTPStatus.BAD_REQUEST else ERROR,
        )
        for code in codes
    }
