"""Events over HTTP, for administrators and the services whose events they are."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.callers import caller_name
from apps.accounts.models import User
from apps.common import clock, idempotency
from apps.common.openapi import PERSON, SERVICE, described, errors
from apps.events import descriptions, pages, selectors, services
from apps.events.filters import EventFilter
from apps.events.models import Event
from apps.events.permissions import SEND, WRITE, MayUseEvents, owner_of
from apps.events.serializers import (
    EventBody,
    EventPage,
    PreviewAnswer,
    PreviewRequest,
    previewed,
)
from apps.events.services import EventError, Owner
from apps.notifications.descriptions import IDEMPOTENCY_KEY

TAGS = ["Events"]
PERSON_OR_SERVICE = PERSON + SERVICE
_ONE: dict[int, Any] = {200: EventBody, **errors(400, 401, 403, 404, 413)}


class EventsView(APIView):
    """All events that the caller may see."""

    permission_classes = [MayUseEvents]
    scopes = {"GET": (WRITE, SEND), "POST": (WRITE,)}

    @described(
        summary="List events",
        description="Newest first: a service's own ones, for administrators all.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=descriptions.EVENTS,
        responses={200: EventPage, **errors(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> Response:
        """List."""
        rows = selectors.events(owner_of(request))
        return pages.listed(request, rows, filters=EventFilter, shown=EventBody)

    @described(
        summary="Define an event",
        description=(
            "With a template per channel and language, each checked: its syntax and, "
            "where `variables` are given, its names. Needs the scope `events:write`."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[IDEMPOTENCY_KEY],
        request_body=EventBody,
        responses={201: EventBody, **errors(400, 401, 403, 409, 413, 422)},
    )
    def post(self, request: Request) -> Response:
        """Define."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(_created(request), status=201),
        )


class EventView(APIView):
    """One event."""

    permission_classes = [MayUseEvents]
    scopes = {
        "GET": (WRITE, SEND),
        "PUT": (WRITE,),
        "PATCH": (WRITE,),
        "DELETE": (WRITE,),
    }

    @described(
        summary="Show an event",
        description="With all its templates.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.EVENT_ID],
        responses={200: EventBody, **errors(401, 403, 404)},
    )
    def get(self, request: Request, event_id: int) -> Response:
        """Show."""
        return Response(EventBody(found(request, event_id)).data)

    @described(
        summary="Change an event",
        description=(
            "What is left out stays; `templates`, if given, take the place of all "
            "there are."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.EVENT_ID],
        request_body=EventBody(partial=True),
        responses=_ONE,
    )
    def put(self, request: Request, event_id: int) -> Response:
        """Change."""
        return Response(_updated(request, event_id))

    @described(
        summary="Change a part of an event",
        description="The same as PUT.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.EVENT_ID],
        request_body=EventBody(partial=True),
        responses=_ONE,
    )
    def patch(self, request: Request, event_id: int) -> Response:
        """Change."""
        return Response(_updated(request, event_id))

    @described(
        summary="Delete an event",
        description="It can no longer be sent; what it sent stays.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.EVENT_ID],
        responses={204: "Deleted.", **errors(401, 403, 404)},
    )
    def delete(self, request: Request, event_id: int) -> Response:
        """Delete."""
        event = found(request, event_id)
        _checked(lambda: services.delete(event.pk, now=clock.now()))
        return Response(status=204)


class PreviewView(APIView):
    """What an event's templates become."""

    permission_classes = [MayUseEvents]
    scopes = {"POST": (WRITE, SEND)}

    @described(
        summary="Preview an event",
        description=(
            "Fills one template a channel, the one for `language` or else for the "
            "default language, with `metadata` or else the event's sample. Nothing "
            "is sent. For SMS it shows the length and the number of segments."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.EVENT_ID],
        request_body=PreviewRequest,
        responses={200: PreviewAnswer, **errors(400, 401, 403, 404, 413)},
    )
    def post(self, request: Request, event_id: int) -> Response:
        """Preview."""
        event = found(request, event_id)
        body = PreviewRequest(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        made = services.preview(
            event,
            data=said.get("metadata"),
            language=said.get("language", ""),
        )
        return Response(previewed(made))


def found(request: Request, event_id: int) -> Event:
    """Return an event that the caller may see.

    Raises: Http404.
    """
    event = selectors.events(owner_of(request)).filter(pk=event_id).first()
    if event is None:
        raise Http404
    return event


def _created(request: Request) -> Any:
    body = EventBody(data=request.data)
    body.is_valid(raise_exception=True)
    user = request.user if isinstance(request.user, User) else None
    owner = Owner(owner_of(request) or "", user)
    event = _checked(lambda: services.create(body.fields_said, owner=owner))
    return EventBody(event).data


def _updated(request: Request, event_id: int) -> Any:
    event = found(request, event_id)
    body = EventBody(data=request.data, partial=True, context={"event": event})
    body.is_valid(raise_exception=True)
    _checked(lambda: services.update(event_id, body.fields_said))
    return EventBody(found(request, event_id)).data


def _checked(change: Callable[[], Any]) -> Any:
    try:
        return change()
    except EventError as error:
        raise ValidationError(error.errors) from error
    except Event.DoesNotExist as error:
        # Deleted since it was looked up.
        raise Http404 from error
