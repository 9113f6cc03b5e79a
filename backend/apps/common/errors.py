"""One error format, DRF's: `{"detail": …, "code": …}` or `{"field": ["…"]}`."""

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from psycopg_pool import PoolTimeout
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 3


class Conflict(APIException):
    """The request is right in itself but does not fit the present state."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "The present state does not allow this."
    default_code = "conflict"


class Unprocessable(APIException):
    """The request is understood and cannot be carried out as it stands."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_detail = "The request cannot be carried out."
    default_code = "unprocessable"


class TooLarge(APIException):
    """The body or a part of it is larger than allowed."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."
    default_code = "too_large"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into an answer; None leaves it to Django (500)."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        logger.warning("database unavailable", extra={"error": type(error).__name__})
        return unavailable()
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    if isinstance(error, IntegrityError):
        # Somebody removed what this refers to between the check and the commit.
        logger.error("the database refused a change", exc_info=error)
        error = Conflict()
    response = drf_exception_handler(error, context)
    if response is None or isinstance(error, ValidationError):
        return response
    if isinstance(response.data, dict) and "detail" in response.data:
        detail = response.data["detail"]
        response.data.setdefault("code", getattr(detail, "code", "error"))
    return response


def unavailable() -> Response:
    """Answer 503 with Retry-After: the database does not answer just now."""
    return Response(
        {"detail": "The service is not available just now.", "code": "unavailable"},
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def _json(status: HTTPStatus, code: str, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail, "code": code}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer Django's own 400s (host, oversized body) in our format."""
    if isinstance(exception, RequestDataTooBig):
        return _json(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too_large",
            "The body is too large.",
        )
    if isinstance(exception, SuspiciousOperation):
        return _json(HTTPStatus.BAD_REQUEST, "bad_request", "The request is not valid.")
    return _json(HTTPStatus.BAD_REQUEST, "bad_request", "The request is not valid.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 outside the API in our format."""
    return _json(HTTPStatus.FORBIDDEN, "permission_denied", "This is not allowed.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a missing or wrong CSRF token."""
    return _json(
        HTTPStatus.FORBIDDEN,
        "csrf_failed",
        "The CSRF token is missing or wrong; reload the page.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 outside the API in our format."""
    return _json(HTTPStatus.NOT_FOUND, "not_found", "Not found.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; the traceback is in the log under the request id."""
    return _json(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "error",
        "Something went wrong; the request id finds it in the log.",
    )
