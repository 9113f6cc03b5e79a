"""How one method of a view says what the documentation shows of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from drf_yasg.utils import swagger_auto_schema

from apps.common.openapi import errors

Method = TypeVar("Method", bound=Callable[..., Any])
Security = list[dict[str, list[str]]]

# Who can call an operation.
ANYONE: Security = []
PERSON: Security = [{"Token": []}]
SERVICE: Security = [{"ServiceId": [], "ServiceToken": []}]


def described(
    *,
    summary: str,
    description: str,
    tags: Sequence[str],
    security: Security,
    responses: Mapping[int, Any],
    failures: Sequence[int] = (),
    **further: Any,
) -> Callable[[Method], Method]:
    """Describe an operation; whatever else is given goes to drf-yasg as it is.

    responses: by status code, a serializer or a text. failures: codes of error answers.
    """
    decorator = swagger_auto_schema(
        operation_summary=summary,
        operation_description=description,
        tags=list(tags),
        security=security,
        responses={**errors(*failures), **responses},
        **further,
    )
    return cast("Callable[[Method], Method]", decorator)
