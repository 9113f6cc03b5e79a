"""From a message to a draft or a refusal, without RabbitMQ."""

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.common import clock
from apps.notifications.entries import Refusal
from apps.notifications.policy import Draft
from consumers import notifications
from consumers.messages import Incoming
from consumers.notifications import drafts
from consumers.tests.builders import a_message


@pytest.fixture
def ann(db: None) -> User:
    """Store a user with an id in another system."""
    return User.objects.create(username="ann", external_id="ann-7")


def verdict(message: Incoming) -> Draft | Refusal:
    """Translate one message."""
    [only] = drafts([message])
    return only


def test_the_payload_is_kept_to_the_letter(ann: User) -> None:
    body = b'{"user_id": %d, "payload": {"b": 1.50,  "a": [ ]}}' % ann.pk

    draft = verdict(a_message(body))

    assert isinstance(draft, Draft)
    assert draft.payload_text == '{"b": 1.50,  "a": [ ]}'


def test_an_ordinary_message_needs_no_serializer(
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(notifications, "SendRequest")

    messages = [
        a_message({"user_id": ann.pk, "payload": {"n": 1}, "severity": "warning"}),
        a_message({"external_id": "ann-7", "title": "Hello"}),
    ]

    assert all(isinstance(each, Draft) for each in drafts(messages))


def test_an_external_id_finds_its_user(ann: User) -> None:
    draft = verdict(a_message({"external_id": "ann-7", "title": "Hello"}))

    assert isinstance(draft, Draft)
    assert draft.recipient_id == ann.pk


def test_every_field_of_the_api_is_understood(ann: User) -> None:
    expires_at = clock.now() + timedelta(hours=1)
    said = {
        "title": "T",
        "body": "B",
        "severity": "critical",
        "kind": "order.paid",
        "url": "/orders/7",
    }

    plain = verdict(a_message({"user_id": ann.pk, "payload": 1, **said}))
    special = verdict(
        a_message(
            {
                "user_id": ann.pk,
                "payload": 1,
                "expires_at": expires_at.isoformat(),
                **said,
            }
        )
    )

    assert isinstance(plain, Draft)
    assert isinstance(special, Draft)
    for draft in (plain, special):
        assert {name: getattr(draft, name) for name in said} == said
    assert special.expires_at == expires_at


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "bad_json"),
        (b"nonsense", "bad_json"),
        (b"\xff\xfe", "bad_json"),
        (b"null", "bad_json"),
        (b"[]", "bad_json"),
        (b'{"user_id": 1, "payload": NaN}', "bad_json"),
        (b'{"user_id": 1, "payload": ' + b"[" * 100_000, "bad_json"),
        (b'{"user_id": 1, "user_id": 2, "payload": 1}', "bad_json"),
        (b'{"user_id": 1, "title": "\\u0000"}', "bad_json"),
        ({"payload": 1}, "invalid"),
        ({"user_id": "1", "payload": 1}, "invalid"),
        ({"user_id": True, "payload": 1}, "invalid"),
        ({"user_id": 1.0, "payload": 1}, "invalid"),
        ({"user_id": 0, "payload": 1}, "invalid"),
        ({"user_id": -1, "payload": 1}, "invalid"),
        ({"user_id": 2**63, "payload": 1}, "invalid"),
        ({"user_id": 1, "external_id": "a", "payload": 1}, "invalid"),
        ({"external_id": "", "payload": 1}, "invalid"),
        ({"external_id": "a" * 151, "payload": 1}, "invalid"),
        ({"user_id": 1}, "invalid"),
        ({"user_id": 1, "payload": None}, "invalid"),
        ({"user_id": 1, "payload": 1, "extra": 1}, "invalid"),
        ({"user_id": 1, "payload": 1, "severity": "loud"}, "invalid"),
        ({"user_id": 1, "payload": 1, "kind": "A B"}, "invalid"),
        ({"user_id": 1, "payload": 1, "url": "javascript:x"}, "invalid"),
        ({"user_id": 1, "payload": 1, "expires_at": "tomorrow"}, "invalid"),
        ({"user_id": 1, "payload": "x" * 32_768}, "payload_too_large"),
        ({"user_id": 10**9, "payload": 1}, "user_not_found"),
        ({"external_id": "nobody", "payload": 1}, "user_not_found"),
        (
            {"user_id": 1, "payload": 1, "expires_at": "2001-01-01T00:00:00Z"},
            "expired",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.usefixtures("db")
def test_d08_a_wrong_body_is_refused_with_its_code(body: object, code: str) -> None:
    refusal = verdict(a_message(body))

    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    assert refusal.detail


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"message_id": b"\xff"}, "bad_message_id"),
        ({"message_id": "a\nb"}, "bad_message_id"),
        ({"correlation_id": "a\x00b"}, "bad_correlation_id"),
        ({"content_type": "application/xml"}, "bad_content_type"),
        ({"content_type": "application/json; charset=latin-1"}, "bad_content_type"),
        ({"content_encoding": "gzip"}, "bad_content_encoding"),
        ({"headers_size": 16_385}, "headers_too_large"),
        ({"body_size": 1_048_577}, "body_too_large"),
    ],
)
def test_d08_wrong_properties_are_refused_with_their_code(
    ann: User,
    properties: dict[str, Any],
    code: str,
) -> None:
    refusal = verdict(a_message({"user_id": ann.pk, "payload": 1}, **properties))

    assert isinstance(refusal, Refusal)
    assert refusal.code == code


@pytest.mark.parametrize(
    "properties",
    [
        {"content_type": "application/json"},
        {
            "content_type": "application/json; charset=UTF-8",
            "content_encoding": "utf-8",
        },
        {"message_id": "заказ-7"},
        {"message_id": ""},
        {"reply_to": "amq.rabbitmq.reply-to"},
    ],
)
def test_usual_properties_are_accepted(ann: User, properties: dict[str, Any]) -> None:
    message = a_message({"user_id": ann.pk, "payload": 1}, **properties)

    assert isinstance(verdict(message), Draft)


def test_a_disabled_user_counts_as_absent(ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(is_active=False)

    refusal = verdict(a_message({"user_id": ann.pk, "payload": 1}))

    assert isinstance(refusal, Refusal)
    assert refusal.code == "user_not_found"
