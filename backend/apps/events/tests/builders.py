"""Events and calls that the tests of this app begin with."""

from datetime import timedelta
from typing import Any

from rest_framework.test import APIClient

from apps.accounts import tokens
from apps.accounts.models import User
from apps.accounts.service_keys import NewServiceKey
from apps.common import clock
from apps.events import services
from apps.events.models import Event
from apps.events.policy import TemplateText
from apps.events.services import EventFields, Owner

EMAIL = TemplateText(
    channel="email",
    locale="en",
    subject="Order {{ number }}",
    content="Dear {{ name }}, your order {{ number }} is on its way.",
)
EMAIL_RU = TemplateText(
    channel="email",
    locale="ru",
    subject="Заказ {{ number }}",
    content="{{ name }}, ваш заказ {{ number }} в пути.",
)
SMS = TemplateText(channel="sms", locale="en", content="Order {{ number }} is coming")
IN_APP = TemplateText(
    channel="in_app",
    locale="en",
    subject="Order {{ number }}",
    content="On its way.",
    url="/orders/{{ number }}",
)


def an_event(*templates: TemplateText, owner: str = "", **fields: Any) -> Event:
    """Store an event."""
    said: EventFields = {"name": "Order shipped", "templates": list(templates)}
    return services.create({**said, **fields}, owner=Owner(owner))  # type: ignore[typeddict-item]  # tests name what they need


def a_client(user: User) -> APIClient:
    """Return a client that carries a token of the user."""
    made = tokens.create_token(user, lifetime=timedelta(hours=1), now=clock.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {made.token}")
    return client


def key_client(new: NewServiceKey) -> APIClient:
    """Return a client that carries a service's key."""
    client = APIClient()
    client.credentials(
        HTTP_X_SERVICE_ID=new.key.service_id,
        HTTP_X_SERVICE_TOKEN=new.secret,
    )
    return client
