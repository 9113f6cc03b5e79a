"""The caller's own alerts; nobody else's are in reach."""

from datetime import timedelta

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.callers import person_of
from apps.accounts.models import User
from apps.alerts import descriptions, frames, pages, preferences, showing
from apps.alerts.models import Alert
from apps.alerts.selectors import Shown
from apps.alerts.serializers import (
    Dashboard,
    SnoozeRequest,
    UserAlert,
    UserAlertPage,
)
from apps.common import clock
from apps.common.openapi import PERSON, described, errors

TAGS = ["Alerts"]
_ONE = {200: UserAlert, **errors(401, 403, 404)}


class UserAlertsView(APIView):
    """The list."""

    @described(
        summary="List the caller's alerts",
        description=(
            "What has started, has not expired and is for the caller; newest first."
        ),
        tags=TAGS,
        security=PERSON,
        manual_parameters=descriptions.USER_ALERTS,
        responses={200: UserAlertPage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List."""
        return pages.user_alerts(request, person_of(request))


class OwnAlertView(APIView):
    """What the views of one alert have in common."""

    def shown(self, user: User, found: Shown) -> Response:
        """Answer with the alert as the caller sees it."""
        showing.note_all(user.pk, [found])
        return Response(frames.whole(found))

    def handle_exception(self, exc: Exception) -> Response:
        """Answer 404 for what is not there and for what is not the caller's."""
        gone = isinstance(exc, Alert.DoesNotExist)
        return super().handle_exception(Http404() if gone else exc)


class UserAlertView(OwnAlertView):
    """One alert."""

    @described(
        summary="Show one of the caller's alerts",
        description="404 for an alert that is not on show, or not for the caller.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.ALERT_ID],
        responses=_ONE,
    )
    def get(self, request: Request, alert_id: int) -> Response:
        """Show."""
        user = person_of(request)
        return self.shown(user, preferences.get(user, alert_id))


class ReadView(OwnAlertView):
    """Read."""

    @described(
        summary="Mark an alert as read",
        description="Ends a snooze. Doing it again changes nothing.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.ALERT_ID],
        responses=_ONE,
    )
    def post(self, request: Request, alert_id: int) -> Response:
        """Mark as read."""
        user = person_of(request)
        return self.shown(user, preferences.mark_read(user, alert_id))


class UnreadView(OwnAlertView):
    """Unread."""

    @described(
        summary="Mark an alert as unread",
        description="Ends a snooze too. Doing it again changes nothing.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.ALERT_ID],
        responses=_ONE,
    )
    def post(self, request: Request, alert_id: int) -> Response:
        """Mark as unread."""
        user = person_of(request)
        return self.shown(user, preferences.mark_unread(user, alert_id))


class SnoozeView(OwnAlertView):
    """Snoozed, or not."""

    @described(
        summary="Snooze an alert",
        description=(
            "To the end of the day in the user's time zone; or `until` a time, or for "
            "some `minutes`."
        ),
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.ALERT_ID],
        request_body=SnoozeRequest,
        responses={200: UserAlert, **errors(400, 401, 403, 404)},
    )
    def post(self, request: Request, alert_id: int) -> Response:
        """Snooze."""
        user = person_of(request)
        body = SnoozeRequest(data=request.data)
        body.is_valid(raise_exception=True)
        until = body.validated_data.get("until")
        if minutes := body.validated_data.get("minutes"):
            until = clock.now() + timedelta(minutes=minutes)
        found = preferences.snooze(user, alert_id, until=until)
        return self.shown(user, found)

    @described(
        summary="End a snooze",
        description="What is not snoozed stays as it is.",
        tags=TAGS,
        security=PERSON,
        manual_parameters=[descriptions.ALERT_ID],
        responses=_ONE,
    )
    def delete(self, request: Request, alert_id: int) -> Response:
        """End it."""
        user = person_of(request)
        return self.shown(user, preferences.end_snooze(user, alert_id))


class DashboardView(APIView):
    """What waits."""

    @described(
        summary="Show what waits for the caller",
        description=(
            "Alerts by state and the unread ones by severity; unread notifications; "
            "the newest of both."
        ),
        tags=["Dashboard"],
        security=PERSON,
        responses={200: Dashboard, **errors(401, 403)},
    )
    def get(self, request: Request) -> Response:
        """Show."""
        return Response(pages.dashboard(person_of(request)))
