"""Telling a user by a ladder of channels, over HTTP."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import Http404
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.callers import caller_name, service_of
from apps.accounts.models import User
from apps.accounts.permissions import HasScope
from apps.common import idempotency
from apps.common.errors import Conflict
from apps.common.openapi import PERSON, SERVICE, described, errors
from apps.notifications import (
    deliveries,
    descriptions,
    policy,
    progress,
    selectors,
    services,
)
from apps.notifications.models import Delivery, Notification
from apps.notifications.notify_serializers import (
    DEFAULT_CHANNELS,
    Accepted,
    Ladder,
    NotifyRequest,
)
from apps.notifications.policy import DraftError

TAGS = ["Delivery"]
PERSON_OR_SERVICE = PERSON + SERVICE
SMS_SCOPE = "sms:send"
# What the waist calls it, and this API.
_NAMES = {"title": "subject", "body": "message"}
_SAID = ("mode", "until", "wait", "skip_if_online", "severity", "kind", "expires_at")


class NotifyView(APIView):
    """One user, several channels."""

    permission_classes = [HasScope]
    required_scope = "notify:send"
    allow_admins = True

    @described(
        summary="Tell a user by a ladder of channels",
        description=(
            "For administrators and service keys with the scope `notify:send`, and "
            "with `sms:send` where sms is among the channels. Each channel gets up to "
            "three attempts, then the next has its turn; the first success ends it, "
            "unless `mode` or `until` say otherwise."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.IDEMPOTENCY_KEY],
        request_body=NotifyRequest,
        responses={200: Accepted, **errors(400, 401, 403, 409, 413, 422)},
    )
    def post(self, request: Request) -> Response:
        """Send."""
        return idempotency.once(
            request,
            caller=caller_name(request),
            effect=lambda: Response(_accepted(_sent(request))),
        )


class LadderView(APIView):
    """One notification on its way."""

    permission_classes = [HasScope]
    required_scope = "notify:send"
    allow_admins = True

    @described(
        summary="Show a notification's ladder",
        description=(
            "Every attempt with what the provider said, and what comes next. A service "
            "sees what it sent itself."
        ),
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.NOTIFICATION_ID],
        responses={200: Ladder, **errors(401, 403, 404)},
    )
    def get(self, request: Request, notification_id: int) -> Response:
        """Show."""
        return Response(progress.ladder(_visible(request, notification_id)))


class ResendView(APIView):
    """The same once more."""

    permission_classes = [HasScope]
    required_scope = "notify:send"
    allow_admins = True

    @described(
        summary="Send a notification again",
        description="A new round through its channels, under a new message id.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.NOTIFICATION_ID, descriptions.IDEMPOTENCY_KEY],
        responses={200: Ladder, **errors(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, notification_id: int) -> Response:
        """Send again."""
        return _changed(request, notification_id, services.resend)


class CancelView(APIView):
    """No further attempt."""

    permission_classes = [HasScope]
    required_scope = "notify:send"
    allow_admins = True

    @described(
        summary="Make no further attempt",
        description="An attempt that is on its way can not be called back.",
        tags=TAGS,
        security=PERSON_OR_SERVICE,
        manual_parameters=[descriptions.NOTIFICATION_ID, descriptions.IDEMPOTENCY_KEY],
        responses={200: Ladder, **errors(400, 401, 403, 404, 409, 422)},
    )
    def post(self, request: Request, notification_id: int) -> Response:
        """Cancel."""
        return _changed(request, notification_id, services.cancel)


def _sent(request: Request) -> Notification:
    body = NotifyRequest(data=request.data)
    body.is_valid(raise_exception=True)
    said = body.validated_data
    channels = tuple(said.get("channels", DEFAULT_CHANNELS))
    _require_sms_scope(request, channels)
    message = {name: said[name] for name in _SAID if name in said}
    try:
        return services.notify(
            recipient=_recipient(said),
            title=said.get("subject", "") or _headline(said["message"], channels),
            body=said["message"],
            url=said.get("url", ""),
            channels=channels,
            source=caller_name(request),
            **message,
        )
    except DraftError as error:
        raise ValidationError(
            {_NAMES.get(field, field): texts for field, texts in error.errors.items()}
        ) from error
    except User.DoesNotExist as error:
        raise _no_user() from error


def _headline(message: str, channels: Sequence[str]) -> str:
    """Give what is for the page alone a title, as everything there has one."""
    if tuple(channels) != policy.ONLY_IN_APP:
        return ""
    return message.strip().splitlines()[0][: policy.TITLE_LENGTH]


def _recipient(said: dict[str, Any]) -> int:
    active, by_external_id = selectors.recipients(
        user_ids=[said["user_id"]] if "user_id" in said else [],
        external_ids=[said["external_id"]] if "external_id" in said else [],
    )
    found = by_external_id.get(said.get("external_id", ""))
    if found is None and said.get("user_id") in active:
        found = said["user_id"]
    if found is None:
        raise _no_user("external_id" if "external_id" in said else "user_id")
    return found


def _no_user(field: str = "user_id") -> ValidationError:
    return ValidationError({field: ["There is no such user."]})


def _require_sms_scope(request: Request, channels: Sequence[str]) -> None:
    key = service_of(request)
    if key is not None and "sms" in channels and SMS_SCOPE not in key.scopes:
        message = (
            f"SMS need the scope {SMS_SCOPE}; name other channels, or have the key "
            "get it."
        )
        raise PermissionDenied(message)


def _accepted(row: Notification) -> dict[str, Any]:
    delivery = progress.delivery_of(row)
    return {
        "id": row.pk,
        "status": delivery.status if delivery else "sent",
        "created_at": row.created_at.isoformat(timespec="microseconds"),
    }


def _visible(request: Request, notification_id: int) -> Notification:
    rows = Notification.objects.filter(pk=notification_id)
    if service_of(request) is not None:
        rows = rows.filter(source=caller_name(request))
    row = rows.first()
    if row is None:
        raise Http404
    return row


def _changed(
    request: Request, notification_id: int, change: Callable[[int], Delivery]
) -> Response:
    row = _visible(request, notification_id)
    delivery = progress.delivery_of(row)
    if delivery is None:
        raise Conflict("It is on the page alone.", code="only_in_app")
    _require_sms_scope(request, delivery.channels)

    def effect() -> Response:
        try:
            change(row.pk)
        except deliveries.NotPossibleError as error:
            raise Conflict(str(error), code="not_possible") from error
        return Response(progress.ladder(row))

    return idempotency.once(request, caller=caller_name(request), effect=effect)
