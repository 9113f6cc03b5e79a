"""Alerts for administrators and services with the scope `alerts:write`."""

from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.callers import caller_name
from apps.accounts.models import User
from apps.accounts.permissions import HasScope
from apps.alerts import descriptions, pages, selectors, services
from apps.alerts.models import Alert
from apps.alerts.serializers import AlertBody, AlertPage, Analytics
from apps.alerts.services import AlertError, Author
from apps.common import idempotency
from apps.common.openapi import PERSON, SERVICE, described, errors
from apps.notifications.descriptions import IDEMPOTENCY_KEY

TAGS = ["Alerts: administration"]
PERSON_OR_SERVICE = PERSON + SERVICE
_ONE: dict[int, Any] = {200: AlertBody, **errors(400, 401, 403, 404, 413)}


class AlertView(APIView):
    """What the views below have in common: who may call them."""

    permission_classes = [HasScope]
    required_scope = "alerts:write"
    allow_admins = True


class AlertsView(AlertView):
    """All alerts."""

    @described(
        summary="List alerts",
        description=(
            "Newest first; the filters combine. For administrators and service keys "
            "with the scope `alerts:write`."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.ALERTS,
        responses={200: AlertPage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List."""
        return pages.alerts(request)

    @described(
        summary="Write an alert",
        description=(
            "It is shown from its start to its expiry to everybody in its audience, "
            "by itself. One wholly in the past is accepted and expired."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[IDEMPOTENCY_KEY],
        request_body=AlertBody,
        responses={201: AlertBody, **errors(400, 401, 403, 409, 413, 422)},
    )
    def post(self, request: Request) -> Response:
        """Write."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(_created(request), status=201),
        )


class AlertDetailView(AlertView):
    """One alert."""

    @described(
        summary="Show an alert",
        description="Archived ones too.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.ALERT_ID],
        responses={200: AlertBody, **errors(401, 403, 404)},
    )
    def get(self, request: Request, alert_id: int) -> Response:
        """Show."""
        return Response(AlertBody(_found(alert_id)).data)

    @described(
        summary="Change an alert",
        description=(
            "What is left out stays. Another audience withdraws it from those who no "
            "longer belong and shows it to those who now do."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.ALERT_ID],
        request_body=AlertBody(partial=True),
        responses=_ONE,
    )
    def put(self, request: Request, alert_id: int) -> Response:
        """Change."""
        return Response(_updated(request, alert_id))

    @described(
        summary="Change a part of an alert",
        description="The same as PUT.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.ALERT_ID],
        request_body=AlertBody(partial=True),
        responses=_ONE,
    )
    def patch(self, request: Request, alert_id: int) -> Response:
        """Change."""
        return Response(_updated(request, alert_id))

    @described(
        summary="Archive an alert",
        description="It leaves every page; its log and its numbers stay.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.ALERT_ID],
        responses={204: "Archived.", **errors(401, 403, 404)},
    )
    def delete(self, request: Request, alert_id: int) -> Response:
        """Archive."""
        try:
            services.archive(alert_id)
        except Alert.DoesNotExist as error:
            raise Http404 from error
        return Response(status=204)


class AnalyticsView(AlertView):
    """How alerts are received."""

    @described(
        summary="Show how alerts are received",
        description=(
            "All figures of the alerts that the filters leave (archived ones too), "
            "and a page of these alerts with their own."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.ANALYTICS,
        responses={200: Analytics, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """Show."""
        return Response(pages.figures(request))


def _found(alert_id: int) -> Alert:
    found = selectors.alerts().filter(pk=alert_id).first()
    if found is None:
        raise Http404
    return found


def _created(request: Request) -> Any:
    body = AlertBody(data=request.data)
    body.is_valid(raise_exception=True)
    user = request.user if isinstance(request.user, User) else None
    try:
        alert = services.create(
            body.validated_data, by=Author(user, caller_name(request))
        )
    except AlertError as error:
        raise ValidationError(error.errors) from error
    return AlertBody(alert).data


def _updated(request: Request, alert_id: int) -> Any:
    body = AlertBody(data=request.data, partial=True)
    _found(alert_id)
    body.is_valid(raise_exception=True)
    try:
        alert = services.update(alert_id, body.validated_data)
    except AlertError as error:
        raise ValidationError(error.errors) from error
    return AlertBody(alert).data
