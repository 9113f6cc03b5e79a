"""The browsers in which a user is signed in."""

from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import revocation, selectors
from apps.accounts.callers import person_of
from apps.accounts.permissions import IsPerson
from apps.accounts.serializers import BrowserSession
from apps.accounts.sessions import public_id
from apps.common import clock
from apps.common.documentation import PERSON, described

TAGS = ["Users"]
SHOWN_AT_MOST = 100


class SessionListView(APIView):
    """All of them."""

    permission_classes = [IsPerson]

    @described(
        summary="List one's own sessions",
        description="The browsers that are signed in, the newest first, at most 100.",
        tags=TAGS,
        security=PERSON,
        responses={200: BrowserSession(many=True)},
        failures=[401, 403],
    )
    def get(self, request: Request) -> Response:
        """List."""
        rows = selectors.open_sessions_of(person_of(request).pk, now=clock.now())
        context = {"current_key": request._request.session.session_key}
        shown = rows[:SHOWN_AT_MOST]
        return Response(BrowserSession(shown, many=True, context=context).data)


class SessionItemView(APIView):
    """One of them."""

    permission_classes = [IsPerson]

    @described(
        summary="End one of one's own sessions",
        description="That browser is signed out, and its sockets end.",
        tags=TAGS,
        security=PERSON,
        responses={204: "Ended."},
        failures=[401, 403, 404],
    )
    def delete(self, request: Request, session_id: str) -> Response:
        """End."""
        rows = selectors.open_sessions_of(person_of(request).pk, now=clock.now())
        meant = [session for session in rows if public_id(session) == session_id]
        if not meant:
            raise NotFound
        revocation.end_sessions(meant)
        return Response(status=status.HTTP_204_NO_CONTENT)
