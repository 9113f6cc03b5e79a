"""Service keys: how they call, what they may do, how they end."""

import base64
import io
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient, APIRequestFactory
from rest_framework.views import APIView

from apps.accounts import service_keys, tickets
from apps.accounts.callers import caller_name
from apps.accounts.models import ServiceKey, User
from apps.accounts.permissions import HasScope
from apps.accounts.service_keys import NewServiceKey, UnknownScope
from apps.accounts.tests.conftest import token_of
from apps.common import clock


class Sending(APIView):
    """A view as the sending ones are: a scope, or an administrator."""

    permission_classes: list[type[BasePermission]] = [HasScope]
    required_scope = "notify:send"
    allow_admins = True

    def get(self, request: Request) -> Response:
        """Name the caller."""
        return Response(caller_name(request))


def _call(**headers: str) -> Any:
    request = APIRequestFactory().get("/", headers=headers)
    return Sending.as_view()(request)


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_e01_a_service_calls_with_its_two_headers(service: NewServiceKey) -> None:
    answer = _call(
        **{"X-Service-Id": service.key.service_id, "X-Service-Token": service.secret},
    )

    assert answer.status_code == 200
    assert answer.data == f"service:{service.key.service_id}"


def test_x4_the_pair_may_come_as_bearer_or_basic(service: NewServiceKey) -> None:
    pair = f"{service.key.service_id}:{service.secret}"

    bearer = _call(Authorization=f"Bearer {pair}")
    basic = _call(Authorization=_basic(pair))

    assert (bearer.status_code, basic.status_code) == (200, 200)


def test_e01_every_other_pair_is_401_without_a_browsers_password_window(
    service: NewServiceKey,
) -> None:
    service_id, secret = service.key.service_id, service.secret
    other = service_keys.create_service_key("b", scopes=[], now=clock.now())
    attempts = [
        {},
        {"X-Service-Id": service_id},
        {"X-Service-Token": secret},
        {"X-Service-Id": "", "X-Service-Token": ""},
        {"X-Service-Id": service_id, "X-Service-Token": other.secret},
        {"X-Service-Id": "ck_unknown1", "X-Service-Token": secret},
        {"X-Service-Id": service_id, "X-Service-Token": "é" * 43},
        {"X-Service-Id": service_id, "X-Service-Token": secret + "x"},
        {"Authorization": f"Bearer {secret}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic %%%"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()},
        {"Authorization": _basic(f"{service_id}:wrong")},
        {"Authorization": "Bearer é"},
    ]

    answers = [_call(**headers) for headers in attempts]

    assert {answer.status_code for answer in answers} == {401}
    challenges = {answer["WWW-Authenticate"] for answer in answers}
    assert challenges == {"Token"}


def test_expired_and_revoked_keys_are_refused(service: NewServiceKey) -> None:
    headers = {
        "X-Service-Id": service.key.service_id,
        "X-Service-Token": service.secret,
    }
    ServiceKey.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    expired = _call(**headers).status_code
    ServiceKey.objects.update(expires_at=None, is_active=False)

    assert (expired, _call(**headers).status_code) == (401, 401)


def test_a_key_without_the_scope_is_403(db: None) -> None:
    made = service_keys.create_service_key(
        "b",
        scopes=["users:write"],
        now=clock.now(),
    )

    answer = _call(Authorization=f"Bearer {made.key.service_id}:{made.secret}")

    assert answer.status_code == 403


def test_a04_only_administrators_pass_until_is_admin_is_set(alice: User) -> None:
    token = token_of(alice)

    before = _call(Authorization=f"Token {token}").status_code
    alice.is_admin = True
    alice.save()
    after = _call(Authorization=f"Token {token}")

    assert (before, after.status_code) == (403, 200)
    assert after.data == f"user:{alice.pk}"


def test_x9_superusers_count_as_administrators(boss: User) -> None:
    token = token_of(boss)
    assert boss.is_admin
    User.objects.update(is_admin=False)

    assert _call(Authorization=f"Token {token}").status_code == 200


def test_an_administrators_inbox_token_does_not_send(
    boss: User,
    service: NewServiceKey,
) -> None:
    minted = tickets.mint_inbox_pass(boss, key=service.key, now=clock.now())

    answer = _call(Authorization=f"Token {minted.token.token}")

    assert answer.status_code == 403


def test_the_time_of_use_is_written_at_most_once_a_minute(
    service: NewServiceKey,
    django_assert_num_queries: Any,
) -> None:
    start = clock.now()

    def use(after_seconds: int) -> None:
        service_keys.verified(
            service.key.service_id,
            service.secret,
            now=start + timedelta(seconds=after_seconds),
        )

    with django_assert_num_queries(2):
        use(0)
    with django_assert_num_queries(1):
        use(59)
    with django_assert_num_queries(2):
        use(60)
    service.key.refresh_from_db()
    assert service.key.last_used_at == start + timedelta(seconds=60)


def test_unknown_scopes_are_refused(db: None) -> None:
    with pytest.raises(UnknownScope, match="sms:read"):
        service_keys.create_service_key("a", scopes=["sms:read"], now=clock.now())

    assert not ServiceKey.objects.exists()


def test_after_a_rotation_both_keys_work_for_a_day(service: NewServiceKey) -> None:
    now = clock.now()

    successor = service_keys.rotate(service.key, now=now, by=None)

    def works(made: NewServiceKey, hours: int) -> bool:
        then = now + timedelta(hours=hours)
        key = service_keys.verified(made.key.service_id, made.secret, now=then)
        return key is not None

    assert successor.key.scopes == service.key.scopes
    assert (works(service, 23), works(successor, 23)) == (True, True)
    assert (works(service, 25), works(successor, 25)) == (False, True)


def test_the_command_prints_a_key_that_works(db: None) -> None:
    out = io.StringIO()

    call_command(
        "create_service_key",
        "shop",
        "--scope=notify:send",
        "--expires-days=3",
        stdout=out,
    )

    lines = [line.split(": ") for line in out.getvalue().splitlines()]
    assert _call(**dict(lines)).status_code == 200
    key = ServiceKey.objects.get()
    assert key.expires_at is not None
    assert key.expires_at - key.created_at == timedelta(days=3)


@pytest.mark.parametrize(
    "arguments",
    [["--scope=nonsense"], ["--scope=notify:send", "--expires-days=0"], []],
)
def test_the_command_refuses_what_it_cannot_do(db: None, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("create_service_key", "shop", *arguments)

    assert not ServiceKey.objects.exists()


def test_callers_are_named(alice: User) -> None:
    request: Any = SimpleNamespace(auth=None, user=alice)

    assert caller_name(request) == f"user:{alice.pk}"


def test_a_service_has_no_account_of_its_own(service_client: APIClient) -> None:
    codes = [
        service_client.get("/api/user/me/").status_code,
        service_client.post("/api/auth/logout/").status_code,
        service_client.post("/api/user/password/", {}, "json").status_code,
    ]

    assert codes == [403, 403, 403]
