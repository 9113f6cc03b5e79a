"""Logging in and out over HTTP, tickets, and the change of the password."""

from typing import Any

from django.conf import settings
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_variables
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import revocation, selectors, services, tickets
from apps.accounts.callers import ServiceCaller, person_of, service_of
from apps.accounts.models import AuthToken, User
from apps.accounts.permissions import HasScope, IsInboxOwner, IsPerson
from apps.accounts.refusals import LoginThrottled, WrongLogin, whole_seconds
from apps.accounts.serializers import (
    IssuedTicket,
    IssuedToken,
    Login,
    PasswordChange,
    Person,
    TicketRequest,
)
from apps.accounts.throttling import TooManyLogins
from apps.common import clock
from apps.common.documentation import ANYONE, PERSON, SERVICE, described

TAGS = ["Login"]


@sensitive_variables("password")
def _verified(request: Request, username: str, password: str) -> User:
    try:
        return services.verify_password(
            username,
            password,
            request=request._request,
            now=clock.now(),
        )
    except services.LoginFailed as error:
        raise WrongLogin from error
    except TooManyLogins as error:
        raise LoginThrottled(wait=error.retry_after_seconds) from error


def _logged_in(request: Request) -> User:
    login = Login(data=request.data)
    login.is_valid(raise_exception=True)
    return _verified(request, **login.validated_data)


class TokenView(APIView):
    """Log in a program."""

    authentication_classes: Any = []
    permission_classes = [AllowAny]

    @described(
        summary="Log in and get a token",
        description=(
            "Answers a token for the header `Authorization: Token <token>`. Failed "
            "logins are limited for each user name and network."
        ),
        tags=TAGS,
        security=ANYONE,
        request_body=Login,
        responses={200: IssuedToken},
        failures=[400, 401, 429],
    )
    def post(self, request: Request) -> Response:
        """Exchange name and password for a token."""
        user = _logged_in(request)
        try:
            issued = services.open_token(user, now=clock.now())
        except services.LoginFailed as error:
            raise WrongLogin from error
        answer = IssuedToken({"token": issued.token, "expiry": issued.expires_at})
        return Response(answer.data, headers={"Cache-Control": "no-store"})


@method_decorator(csrf_protect, name="dispatch")
class SessionView(APIView):
    """Log in a browser."""

    authentication_classes: Any = []
    permission_classes = [AllowAny]

    @described(
        summary="Log in with a session cookie",
        description=(
            "For browsers. Needs the cookie `csrftoken`, which the page sets, and its "
            "value in the header `X-CSRFToken`. Sets the session cookie."
        ),
        tags=TAGS,
        security=ANYONE,
        request_body=Login,
        responses={200: Person},
        failures=[400, 401, 403, 429],
    )
    def post(self, request: Request) -> Response:
        """Exchange name and password for a session."""
        user = _logged_in(request)
        try:
            services.open_session(user, request=request._request)
        except services.LoginFailed as error:
            raise WrongLogin from error
        return Response(Person(selectors.with_contacts(user.pk)).data)


class LogoutView(APIView):
    """Log out."""

    permission_classes = [IsPerson]

    @described(
        summary="Log out",
        description="Ends the token or the session that called, and its sockets.",
        tags=TAGS,
        security=PERSON,
        responses={204: "Logged out."},
        failures=[401, 403],
    )
    def post(self, request: Request) -> Response:
        """End the credential that called."""
        if isinstance(request.auth, AuthToken):
            revocation.end_token(request.auth)
        else:
            services.close_session(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LogoutAllView(APIView):
    """Log out everywhere."""

    permission_classes = [IsPerson]

    @described(
        summary="Log out everywhere",
        description="Ends every token, session, ticket and socket of the caller.",
        tags=TAGS,
        security=PERSON,
        responses={204: "Logged out."},
        failures=[401, 403],
    )
    def post(self, request: Request) -> Response:
        """End everything, the caller's own credential too."""
        revocation.end_everything(person_of(request).pk)
        if request.auth is None:
            services.close_session(request._request)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PasswordView(APIView):
    """Change the password."""

    permission_classes = [IsPerson]

    @described(
        summary="Change the password",
        description=(
            "Ends all other tokens and sessions of the caller; the one that calls "
            "stays. Wrong old passwords count as failed logins."
        ),
        tags=TAGS,
        security=PERSON,
        request_body=PasswordChange,
        responses={204: "Changed."},
        failures=[400, 401, 403, 429],
    )
    def post(self, request: Request) -> Response:
        """Set another password."""
        change = PasswordChange(data=request.data, context={"request": request})
        change.is_valid(raise_exception=True)
        services.change_password(
            self._owner(request, change.validated_data["old_password"]),
            change.validated_data["new_password"],
            token=request.auth if isinstance(request.auth, AuthToken) else None,
            request=request._request,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _owner(self, request: Request, old_password: str) -> User:
        try:
            return _verified(request, request.user.get_username(), old_password)
        except WrongLogin as error:
            message = "This is not the present password."
            raise ValidationError({"old_password": [message]}) from error


class TicketView(APIView):
    """Get a ticket for the WebSocket."""

    permission_classes = [IsInboxOwner | HasScope]
    required_scope = "tickets:mint"

    @described(
        summary="Get a ticket for the WebSocket",
        description=(
            "A ticket opens one socket, once, within seconds. People get their own and "
            "send no body. A service with the scope `tickets:mint` names a user, and "
            "gets a token for that user's inbox as well."
        ),
        tags=TAGS,
        security=[*PERSON, *SERVICE],
        request_body=TicketRequest,
        responses={201: IssuedTicket},
        failures=[400, 401, 403, 404],
    )
    def post(self, request: Request) -> Response:
        """Mint a ticket."""
        asked = TicketRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        if isinstance(request.auth, ServiceCaller):
            answer = self._for_service(request, asked.validated_data)
        else:
            answer = self._for_person(request, asked.validated_data)
        headers = {"Cache-Control": "no-store"}
        return Response(answer, status.HTTP_201_CREATED, headers=headers)

    def _for_person(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        if asked:
            detail = "People get tickets for themselves only; leave the body empty."
            raise PermissionDenied(detail, code="own_ticket_only")
        credential = tickets.credential_of(request)
        ticket = tickets.mint_ticket(
            person_of(request),
            credential=credential,
            now=clock.now(),
        )
        return _ticket(ticket)

    def _for_service(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        if len(asked) != 1:
            message = "Give either user_id or external_id."
            raise ValidationError({"user_id": [message]})
        user = selectors.find_user(**asked)
        key = service_of(request)
        if user is None or key is None:
            detail = "There is no active user with this id."
            raise NotFound(detail, code="user_not_found")
        minted = tickets.mint_inbox_pass(user, key=key, now=clock.now())
        return _ticket(minted.ticket) | {
            "inbox_token": minted.token.token,
            "inbox_token_expires_in": whole_seconds(settings.INBOX_TOKEN_LIFETIME),
        }


def _ticket(ticket: str) -> dict[str, Any]:
    return {"ticket": ticket, "expires_in": whole_seconds(settings.TICKET_LIFETIME)}
