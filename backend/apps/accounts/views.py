"""Users over HTTP: oneself, and as another system knows them."""

from typing import Any

from django.core.exceptions import ValidationError as InvalidExternalId
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import people, selectors
from apps.accounts.callers import person_of
from apps.accounts.permissions import HasScope, IsPerson
from apps.accounts.serializers import ExternalPerson, Person, PersonChange
from apps.accounts.validators import validate_external_id
from apps.common.documentation import PERSON, SERVICE, described

TAGS = ["Users"]


class MeView(APIView):
    """The caller."""

    permission_classes = [IsPerson]

    @described(
        summary="Show who is calling",
        description="The caller's own account, team and contacts.",
        tags=TAGS,
        security=PERSON,
        responses={200: Person},
        failures=[401, 403],
    )
    def get(self, request: Request) -> Response:
        """Show the caller."""
        return Response(Person(selectors.with_contacts(person_of(request).pk)).data)

    @described(
        summary="Change one's own account",
        description="Names, contacts, time zone and language; what is absent stays.",
        tags=TAGS,
        security=PERSON,
        request_body=PersonChange,
        responses={200: Person},
        failures=[400, 401, 403],
    )
    def patch(self, request: Request) -> Response:
        """Change the caller."""
        change = PersonChange(data=request.data)
        change.is_valid(raise_exception=True)
        user = people.update_person(person_of(request), change.validated_data)
        return Response(Person(user).data)


class ExternalPersonView(APIView):
    """A user as another system knows it."""

    permission_classes = [HasScope]
    required_scope = "users:write"

    @described(
        summary="Create or update a user by an external id",
        description=(
            "For systems that bring their own users: needs a service key with the "
            "scope `users:write`. What is absent stays as it is; a new user has no "
            "password."
        ),
        tags=TAGS,
        security=SERVICE,
        request_body=ExternalPerson,
        responses={200: Person, 201: Person},
        failures=[400, 401, 403],
    )
    def put(self, request: Request, external_id: str) -> Response:
        """Create or update one user."""
        _check(external_id)
        change = ExternalPerson(data=request.data)
        change.is_valid(raise_exception=True)
        stored = _upserted(external_id, change.validated_data)
        code = status.HTTP_201_CREATED if stored.was_created else status.HTTP_200_OK
        return Response(Person(stored.user).data, code)


def _check(external_id: str) -> None:
    try:
        validate_external_id(external_id)
    except InvalidExternalId as error:
        raise ValidationError({"external_id": error.messages}) from error


def _upserted(external_id: str, fields: Any) -> people.Upserted:
    try:
        return people.upsert_by_external_id(external_id, fields)
    except people.UsernameTaken as error:
        message = "Somebody else has this user name."
        raise ValidationError({"username": [message]}) from error
    except people.ProtectedUser as error:
        detail = "Staff are enabled and disabled in the administration only."
        raise PermissionDenied(detail, code="protected_user") from error
