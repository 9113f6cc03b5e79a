"""Callers of the API, each with a credential of its kind."""

import json
from datetime import timedelta
from typing import Any

from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.service_keys import create_service_key
from apps.accounts.tokens import create_token
from apps.common import clock

SEND = "/api/notifications/send/"
BULK = "/api/notifications/send/bulk/"


def a_token(user: User) -> str:
    """Make a token of this user."""
    return create_token(user, lifetime=timedelta(hours=1), now=clock.now()).token


def as_user(user: User) -> APIClient:
    """Call with a token of this user."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {a_token(user)}")
    return client


def as_service(*scopes: str) -> APIClient:
    """Call with a service key of these scopes."""
    new = create_service_key("shop", scopes=scopes, now=clock.now())
    client = APIClient()
    client.credentials(
        HTTP_X_SERVICE_ID=new.key.service_id,
        HTTP_X_SERVICE_TOKEN=new.secret,
    )
    return client


def post(client: APIClient, body: object, path: str = SEND, **headers: Any) -> Any:
    """Send a body, as it is when it is text already."""
    data = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(path, data, content_type="application/json", **headers)
