"""What users want to hear outside of the page, over HTTP."""

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import preferences
from apps.accounts.callers import person_of
from apps.accounts.models import QuietHours
from apps.accounts.permissions import IsPerson
from apps.accounts.preference_serializers import (
    PreferencesChange,
    PreferencesShown,
    shown,
)
from apps.common.documentation import PERSON, described

TAGS = ["Users"]


class PreferencesView(APIView):
    """The caller's preferences."""

    permission_classes = [IsPerson]

    @described(
        summary="Show one's own preferences",
        description=(
            "Which kinds of notification come by which channel outside of the page, "
            "and the quiet hours. What is critical always comes."
        ),
        tags=TAGS,
        security=PERSON,
        responses={200: PreferencesShown},
        failures=[401, 403],
    )
    def get(self, request: Request) -> Response:
        """Show."""
        return Response(shown(person_of(request)))

    @described(
        summary="Replace one's own preferences",
        description="What is absent goes back to its default: everything, at any time.",
        tags=TAGS,
        security=PERSON,
        request_body=PreferencesChange,
        responses={200: PreferencesShown},
        failures=[400, 401, 403],
    )
    def put(self, request: Request) -> Response:
        """Replace."""
        return _changed(request, replace=True)

    @described(
        summary="Change one's own preferences",
        description="What is absent stays.",
        tags=TAGS,
        security=PERSON,
        request_body=PreferencesChange,
        responses={200: PreferencesShown},
        failures=[400, 401, 403],
    )
    def patch(self, request: Request) -> Response:
        """Change."""
        return _changed(request, replace=False)


def _changed(request: Request, *, replace: bool) -> Response:
    user = person_of(request)
    stored = QuietHours() if replace else preferences.quiet_hours_of(user)
    change = PreferencesChange(data=request.data, context={"stored_hours": stored})
    change.is_valid(raise_exception=True)
    try:
        preferences.change(
            user,
            choices=change.validated_data.get("kinds", {}),
            hours=change.hours,
            replace=replace,
        )
    except preferences.TooManyKinds as error:
        message = f"At most {preferences.KINDS_AT_MOST} kinds."
        raise ValidationError({"kinds": [message]}) from error
    return Response(shown(user))
