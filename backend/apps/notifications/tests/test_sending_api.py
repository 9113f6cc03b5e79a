"""POST /api/notifications/send/ and /send/bulk/."""

import json
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import services
from apps.notifications.models import Notification, Stream
from apps.notifications.serializers import Sent, sent
from apps.notifications.tests.builders import a_user
from apps.notifications.tests.clients import BULK, SEND, as_service, as_user, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db: None) -> APIClient:
    """Return an administrator's client."""
    return as_user(a_user("admin", is_admin=True))


def test_d01_send_answers_with_the_fields_sent_and_those_given(
    admin: APIClient,
    ann: User,
) -> None:
    answer = post(admin, {"user_id": ann.pk, "payload": {"b": 1, "a": [1.0, None]}})

    row = Notification.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {
        "user_id": ann.pk,
        "payload": {"b": 1, "a": [1.0, None]},
        "id": row.pk,
        "key": str(row.key),
        "seq": 1,
        "created_at": answer.json()["created_at"],
    }
    assert row.source.startswith("user:")
    assert row.request_id == answer["X-Request-ID"]


def test_d01_everything_optional_is_stored(admin: APIClient, ann: User) -> None:
    expires_at = clock.now() + timedelta(days=1)
    message = {
        "title": " Order 7 ",
        "body": "is ready",
        "severity": "critical",
        "kind": "order.ready",
        "url": "/orders/7",
        "expires_at": expires_at.isoformat(),
    }

    answer = post(admin, {"user_id": ann.pk, **message})

    row = Notification.objects.get()
    assert answer.status_code == 200
    assert answer.json()["payload"] == {}
    assert (row.title, row.body, row.severity) == (" Order 7 ", "is ready", "critical")
    assert (row.kind, row.url) == ("order.ready", "/orders/7")
    assert row.expires_at == expires_at


@pytest.mark.parametrize(
    "payload",
    [
        '{"b":  1, "a":1.0e3,\n"ё":"\\u0451"}',
        "[]",
        '""',
        "false",
        "0",
        "12345678901234567890123",
        '{"__proto__":{},"type":"hello","seq":9}',
    ],
)
def test_d01_the_payload_is_stored_to_the_letter(
    admin: APIClient,
    ann: User,
    payload: str,
) -> None:
    body = f'{{ "pay\\u006coad" : {payload} , "user_id":{ann.pk}}}'.encode()

    answer = post(admin, body)

    assert answer.status_code == 200
    assert Notification.objects.get().payload == payload


def test_d01_the_recipient_may_be_named_by_an_external_id(admin: APIClient) -> None:
    user = a_user()
    User.objects.filter(pk=user.pk).update(external_id="crm-7")

    answer = post(admin, {"external_id": "crm-7", "payload": 1})

    assert answer.json()["user_id"] == user.pk


@pytest.mark.parametrize(
    "recipient",
    [{"user_id": 987654}, {"user_id": 2**63 - 1}, {"external_id": "nobody"}],
)
def test_d01_an_unknown_user_is_404(
    admin: APIClient,
    recipient: dict[str, object],
) -> None:
    answer = post(admin, {**recipient, "payload": {}})

    assert answer.status_code == 404
    assert answer.json()["code"] == "user_not_found"


def test_d01_a_disabled_user_is_404(admin: APIClient) -> None:
    gone = a_user(is_active=False)

    assert post(admin, {"user_id": gone.pk, "payload": {}}).status_code == 404


@pytest.mark.parametrize(
    "user_id", [0, -1, 2**63, "1e3", True, 1.0, " 1 ", "1", None, []]
)
def test_d01_what_is_no_id_is_400(admin: APIClient, user_id: object) -> None:
    answer = post(admin, {"user_id": user_id, "payload": {}})

    assert answer.status_code == 400
    assert list(answer.json()) == ["user_id"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("payload", None),
        ("payload", [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]),
        ("title", 5),
        ("title", "x" * 201),
        ("title", None),
        ("body", "x" * 4001),
        ("severity", "loud"),
        ("severity", {}),
        ("kind", "Loud"),
        ("kind", ""),
        ("url", "javascript:alert(1)"),
        ("url", "//evil.example/"),
        ("url", "/\\evil.example/"),
        ("expires_at", "2999-01-01T00:00:00"),
        ("expires_at", "2000-01-01T00:00:00Z"),
        ("expires_at", "2999-13-01T00:00:00Z"),
        ("expires_at", "9999-12-31T23:59:59-23:59"),
        ("expires_at", "2999-01-01"),
        ("expires_at", 5),
        ("channels", ["sms"]),
    ],
)
def test_d01_a_bad_field_is_400_and_named(
    *,
    admin: APIClient,
    ann: User,
    field: str,
    value: object,
) -> None:
    answer = post(admin, {"user_id": ann.pk, "payload": {}, field: value})

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"payload": {}},
        {"user_id": 1},
        {"user_id": 1, "external_id": "x", "payload": {}},
        {"user_id": 1, "body": "only a body"},
    ],
)
def test_d01_an_incomplete_body_is_400(admin: APIClient, body: object) -> None:
    assert post(admin, body).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"1",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b'{"user_id":1,"payload":NaN}',
        b'{"user_id":1,"payload":1e400}',
        b'{"user_id":1,"payload":"\\u0000"}',
        b'{"user_id":1,"payload":"\\ud800"}',
        b'{"user_id":1,"user_id":2,"payload":1}',
        b'{"user_id":1,"payload":' + b"9" * 5000 + b"}",
        b'{"user_id":1,"payload":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_d01_what_is_no_json_is_400(admin: APIClient, body: bytes) -> None:
    answer = post(admin, body)

    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_json"


def test_d01_another_content_type_is_415(admin: APIClient) -> None:
    assert admin.post(SEND, "a=b", content_type="text/plain").status_code == 415


@pytest.mark.parametrize(("size", "code"), [(32_768, 200), (32_769, 413)])
def test_d01_a_payload_has_32_kib_at_most(
    *,
    admin: APIClient,
    ann: User,
    size: int,
    code: int,
) -> None:
    payload = json.dumps("x" * (size - 2))

    answer = post(admin, f'{{"user_id":{ann.pk},"payload":{payload}}}')

    assert answer.status_code == code
    if code == 413:
        assert answer.json()["code"] == "payload_too_large"


def test_d01_who_may_send(ann: User) -> None:
    body = {"user_id": ann.pk, "payload": {}}
    callers = {
        "anonymous": (APIClient(), 401),
        "plain user": (as_user(ann), 403),
        "staff": (as_user(a_user(is_staff=True)), 403),
        "admin": (as_user(a_user(is_admin=True)), 200),
        "superuser": (as_user(a_user(is_superuser=True)), 200),
        "service": (as_service("notify:send"), 200),
        "other service": (as_service("notify:broadcast"), 403),
    }

    answers = {
        name: post(client, body).status_code for name, (client, _) in callers.items()
    }

    assert answers == {name: code for name, (_, code) in callers.items()}


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_d01_send_is_a_post(admin: APIClient, method: str) -> None:
    assert getattr(admin, method)(SEND).status_code == 405


def test_d01_bulk_gives_a_result_each_in_order(admin: APIClient, ann: User) -> None:
    drafts: list[object] = [
        {"user_id": ann.pk, "payload": {"n": 1}},
        {"user_id": 987654, "payload": {}},
        {"user_id": ann.pk, "payload": None},
        "not an object",
        {"user_id": ann.pk, "payload": "x" * 40_000},
        {"user_id": ann.pk, "payload": {"n": 2}},
    ]

    answer = post(admin, {"notifications": drafts}, BULK)

    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [each["status"] for each in results] == ["created"] + ["error"] * 4 + [
        "created"
    ]
    assert [each.get("code") for each in results[1:5]] == [
        "user_not_found",
        "invalid",
        "invalid",
        "payload_too_large",
    ]
    assert [results[0]["seq"], results[5]["seq"]] == [1, 2]
    assert results[5]["payload"] == {"n": 2}
    assert Stream.objects.get(user=ann).last_seq == 2


def test_d01_bulk_keeps_each_payload_to_the_letter(admin: APIClient, ann: User) -> None:
    body = (
        f'{{"notifications":[{{"user_id":{ann.pk},"payload": {{"z":1.0,  "a":2}} }}]}}'
    )

    post(admin, body, BULK)

    assert Notification.objects.get().payload == '{"z":1.0,  "a":2}'


@pytest.mark.parametrize(
    "notifications",
    [None, [], {}, "x", [{"user_id": 1, "payload": 1}] * 501],
)
def test_d01_a_wrong_bulk_is_400(admin: APIClient, notifications: object) -> None:
    answer = post(admin, {"notifications": notifications}, BULK)

    assert answer.status_code == 400
    assert list(answer.json()) == ["notifications"]


def test_d01_a_bulk_of_500_costs_a_handful_of_statements(
    admin: APIClient,
    django_assert_max_num_queries: Any,
) -> None:
    users = [a_user() for _ in range(10)]
    drafts = [{"user_id": user.pk, "payload": n} for n in range(50) for user in users]

    # SQLite splits the insert of 500 rows into eleven or so.
    with django_assert_max_num_queries(30):
        answer = post(admin, {"notifications": drafts}, BULK)

    assert {each["status"] for each in answer.json()["results"]} == {"created"}
    assert Notification.objects.count() == 500


def test_one_of_many_is_shown_as_a_single_one_is(ann: User) -> None:
    whole = services.notify(recipient=ann, payload={"n": 1.5, "t": "é"}, title="One")
    whole.refresh_from_db()
    to_the_second = services.notify(recipient=ann, payload=[])
    to_the_second.created_at = to_the_second.created_at.replace(microsecond=0)

    for row in (whole, to_the_second):
        assert sent(row) == dict(Sent(row).data)
