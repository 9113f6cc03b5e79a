"""One error format."""

import json

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.test import RequestFactory
from psycopg_pool import PoolTimeout
from rest_framework.exceptions import NotAuthenticated, Throttled, ValidationError

from apps.common import errors

REQUEST = RequestFactory().get("/")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Conflict(), 409, "conflict"),
        (errors.Unprocessable(), 422, "unprocessable"),
        (errors.TooLarge(), 413, "too_large"),
        (errors.Conflict("Busy.", code="in_progress"), 409, "in_progress"),
        (NotAuthenticated(), 401, "not_authenticated"),
        (Throttled(wait=7), 429, "throttled"),
        (RequestDataTooBig(), 413, "too_large"),
        (OperationalError("secret"), 503, "unavailable"),
        (InterfaceError("secret"), 503, "unavailable"),
        (PoolTimeout("secret"), 503, "unavailable"),
    ],
)
def test_an_exception_becomes_detail_and_code(
    error: Exception,
    status: int,
    code: str,
) -> None:
    response = errors.exception_handler(error, {})

    assert response is not None
    assert response.status_code == status
    assert response.data is not None
    assert response.data["code"] == code
    assert "secret" not in str(response.data)


def test_says_when_to_try_again() -> None:
    unavailable = errors.exception_handler(OperationalError(), {})
    throttled = errors.exception_handler(Throttled(wait=7), {})

    assert unavailable is not None
    assert throttled is not None
    assert int(unavailable["Retry-After"]) > 0
    assert throttled["Retry-After"] == "7"


def test_invalid_fields_keep_their_names() -> None:
    error = ValidationError({"user_id": ["A number is expected."]})

    response = errors.exception_handler(error, {})

    assert response is not None
    assert response.data == {"user_id": ["A number is expected."]}


def test_leaves_bugs_to_django() -> None:
    assert errors.exception_handler(KeyError("x"), {}) is None


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (errors.bad_request(REQUEST, SuspiciousOperation()), 400),
        (errors.bad_request(REQUEST, RequestDataTooBig()), 413),
        (errors.permission_denied(REQUEST, PermissionError()), 403),
        (errors.csrf_failure(REQUEST), 403),
        (errors.not_found(REQUEST, LookupError()), 404),
        (errors.server_error(REQUEST), 500),
    ],
)
def test_djangos_own_errors_are_json(response: object, status: int) -> None:
    assert getattr(response, "status_code", None) == status
    body = json.loads(getattr(response, "content", b""))
    assert set(body) == {"detail", "code"}
