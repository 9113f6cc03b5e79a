"""Events sent: checked whole, queued, delivered, their status read."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from rest_framework.test import APIClient

from apps.accounts import vocabulary
from apps.accounts.models import ServiceKey, User
from apps.common import clock
from apps.common.chunks import ChunkFailed
from apps.delivery.tests.faulty_server import FaultyServer, answer
from apps.events import retention, sends, tasks
from apps.events.models import Event, EventMessage, EventSend, EventSendPart
from apps.events.policy import TemplateText
from apps.events.recipients import Part
from apps.events.send_serializers import SendEventBody
from apps.events.tests.builders import EMAIL, EMAIL_RU, IN_APP, SMS, an_event
from apps.notifications import delivering, waking
from apps.notifications.models import Delivery, Notification

DATA = {"number": 7, "name": "Ann"}
SENT = answer(200, b'{"code": 0, "message": "OK"}')
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def server(settings: Any) -> Iterator[FaultyServer]:
    """Stand in for the SMS gateway."""
    with FaultyServer(SENT) as running:
        settings.SMS_GATEWAY_URL = running.url
        yield running


@pytest.fixture
def event(db: None) -> Event:
    """Return an event of the administrators, for every channel."""
    return an_event(EMAIL, EMAIL_RU, SMS, IN_APP, kind="orders", severity="warning")


def path_of(event: Event, end: str = "send_notifications/") -> str:
    return f"/api/events/{event.pk}/{end}"


def sent(client: APIClient, event: Event, body: dict[str, Any], **headers: str) -> Any:
    return client.post(path_of(event), body, format="json", **headers)  # type: ignore[arg-type]  # headers


def email_to(*user_ids: int, **fields: Any) -> dict[str, Any]:
    return {"email": {"user_ids": list(user_ids), "metadata": DATA, **fields}}


def test_e03_every_channel_is_queued_and_delivered(
    admin: APIClient,
    event: Event,
    ann: User,
    server: FaultyServer,
) -> None:
    body = {
        **email_to(ann.pk, to_email=["carl@example.org"]),
        "sms": {"to_phone_number": ["79110000009"], "metadata": {"number": 7}},
        "in_app": {"user_ids": [ann.pk], "metadata": {"number": 7}},
    }

    answered = sent(admin, event, body)

    assert answered.status_code == 202, answered.json()
    told = answered.json()
    assert (told["status"], told["total"], told["event_id"]) == ("queued", 4, event.pk)
    assert told["recipients"] == {"email": 2, "sms": 1, "in_app": 1}
    delivering.work(5)
    assert sorted(message.to[0] for message in mail.outbox) == [
        "ann@example.org",
        "carl@example.org",
    ]
    assert {message.subject for message in mail.outbox} == {"Order 7"}
    assert [request.json()["phone"] for request in server.requests] == [79110000009]
    shown = ann.notifications.get(seq__isnull=False)
    assert (shown.title, shown.body, shown.url) == (
        "Order 7",
        "On its way.",
        "/orders/7",
    )
    assert (shown.kind, shown.severity) == ("orders", "warning")


def test_e03_the_call_is_taken_to_the_letter(admin: APIClient, ann: User) -> None:
    page = replace(EMAIL, content="Dear {{ recipient_name }}", subject="Hi")
    event = an_event(
        replace(page, attachments=1),
        TemplateText(channel="sms", locale="en", content="Hi {{ name }}"),
        TemplateText(channel="in_app", locale="en", subject="Hi {{ name }}"),
    )
    body = {
        "email": {
            "to_email": ["a@example.org"],
            "user_ids": [ann.pk],
            "metadata": {"recipient_name": "Ann"},
            "attachments": ["https://files.example.org/a.pdf"],
        },
        "sms": {"to_phone_number": ["79110000000"], "metadata": {"name": "Ann"}},
        "in_app": {"user_ids": [ann.pk], "metadata": {"name": "Ann"}},
    }

    answered = sent(admin, event, body)

    assert (answered.status_code, answered.json()["status"]) == (202, "queued")
    assert Notification.objects.count() == 4


def test_e03_each_user_is_told_in_their_language(
    admin: APIClient,
    event: Event,
    ann: User,
    boris: User,
) -> None:
    sent(admin, event, email_to(ann.pk, boris.pk, to_email=["x@example.org"]))
    sent(admin, event, email_to(to_email=["y@example.org"], language="ru"))

    delivering.work(5)

    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects == {
        "ann@example.org": "Order 7",
        "boris@example.org": "Заказ 7",
        "x@example.org": "Order 7",
        "y@example.org": "Заказ 7",
    }


def test_e03_html_goes_out_with_its_text(admin: APIClient, ann: User) -> None:
    page = replace(EMAIL, is_html=True, content="<p>Dear <b>{{ name }}</b></p>")
    event = an_event(page)

    sent(admin, event, email_to(ann.pk, metadata={"number": 1, "name": "<i>Ann</i>"}))
    delivering.work(5)

    [message] = mail.outbox
    assert message.body == "Dear <i>Ann</i>"
    [(html, _)] = message.alternatives  # type: ignore[attr-defined]  # of its class
    assert html == "<p>Dear <b>&lt;i&gt;Ann&lt;/i&gt;</b></p>"


def test_e03_users_are_named_by_external_ids_too_and_once_each(
    admin: APIClient,
    event: Event,
    ann: User,
) -> None:
    User.objects.filter(pk=ann.pk).update(external_id="crm-7")

    answered = sent(admin, event, email_to(ann.pk, ann.pk, external_ids=["crm-7"]))

    assert answered.json()["total"] == 1


def test_e03_all_that_is_missing_is_named_before_anything_is_queued(
    admin: APIClient,
    ann: User,
) -> None:
    event = an_event(replace(EMAIL, attachments=2), SMS, IN_APP)
    User.objects.create(username="gone", is_active=False, external_id="gone")
    body = {
        "email": {
            "to_email": ["a@example.org", "nobody", "x@y\r\nBcc: z@example.org"],
            "user_ids": [ann.pk, 999_999],
            "external_ids": ["gone"],
            "metadata": {"name": "Ann"},
            "attachments": ["http://10.0.0.1/x.pdf"],
        },
        "sms": {"metadata": {}},
        "in_app": {"user_ids": [ann.pk], "metadata": {"number": "1 2"}},
        "telegram": {"user_ids": [ann.pk]},
    }

    answered = sent(admin, event, body)

    assert answered.status_code == 400
    errors = answered.json()
    missing = ["Missing: the template needs it."]
    assert errors["email"]["metadata"] == {"number": missing}
    assert "nobody" in errors["email"]["to_email"][0]
    assert errors["email"]["user_ids"] == ["There is no active user 999999."]
    assert errors["email"]["external_ids"] == ["There is no active user gone."]
    assert errors["email"]["attachments"] == [
        "The template comes with 2; here are 1.",
        "Number 1: Must begin with https://.",
    ]
    assert errors["sms"]["metadata"] == {"number": missing}
    assert "Name at least one recipient" in errors["sms"]["user_ids"][0]
    assert list(errors["in_app"]["template"]) == ["url (en)"]
    assert errors["telegram"] == {
        "template": ["The event has no template for telegram."],
    }
    assert not EventSend.objects.exists()
    assert not Notification.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "non_field_errors"),
        ({"fax": {}}, "fax"),
        ({"email": []}, "email"),
        ({"email": {"user_ids": ["1"]}}, "email"),
        ({"email": {"user_ids": [True]}}, "email"),
        ({"email": {"to_email": "a@example.org"}}, "email"),
        ({"email": {"bcc": []}}, "email"),
        ({"in_app": {"to_email": []}}, "in_app"),
        ({"sms": {"to_phone_number": ["٧٩١١٠٠٠٠٠٠٠"]}}, "sms"),
    ],
    ids=str,
)
def test_e03_what_cannot_be_is_refused_at_the_field(
    admin: APIClient,
    event: Event,
    body: dict[str, Any],
    field: str,
) -> None:
    answered = sent(admin, event, body)

    assert answered.status_code == 400
    assert list(answered.json()) == [field]
    assert not EventSend.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.pdf",
        "https://127.0.0.1/a.pdf",
        "https://[::1]/a.pdf",
        "https://169.254.169.254/latest/meta-data/",
        "https://10.1.2.3/a.pdf",
        "https://[::ffff:192.168.0.1]/a.pdf",
        "https://user:secret@example.org/a.pdf",
        "https://example.org:8443/a.pdf",
        "file:///etc/passwd",
        "ftp://example.org/a.pdf",
        "//example.org/a.pdf",
        "https://",
        "",
    ],
)
def test_e06_an_attachment_from_a_private_place_is_refused(
    admin: APIClient,
    ann: User,
    url: str,
) -> None:
    event = an_event(replace(EMAIL, attachments=1))

    answered = sent(admin, event, email_to(ann.pk, attachments=[url]))

    assert answered.status_code == 400
    assert list(answered.json()["email"]) == ["attachments"]


def test_e06_an_attachment_is_fetched_and_sent(
    admin: APIClient,
    ann: User,
    settings: Any,
) -> None:
    pdf = answer(200, b"%PDF-1.4", Content_Type="application/pdf")
    settings.OUTGOING_ALLOWED_HOSTS = ["127.0.0.1"]
    event = an_event(replace(EMAIL, attachments=1))

    with FaultyServer(pdf) as files:
        url = f"{files.url}/bill%0d%0aBcc:x.pdf"
        sent(admin, event, email_to(ann.pk, attachments=[url]))
        delivering.work(5)

    [message] = mail.outbox
    [(name, body, kind)] = message.attachments
    assert (body, kind) == (b"%PDF-1.4", "application/pdf")
    assert name is not None
    assert len(name.splitlines()) == 1


def test_e03_the_same_key_sends_once(
    admin: APIClient,
    event: Event,
    ann: User,
) -> None:
    first, second = (
        sent(admin, event, email_to(ann.pk), HTTP_IDEMPOTENCY_KEY="order-7")
        for _ in range(2)
    )

    assert first.json() == second.json()
    assert EventSend.objects.count() == Notification.objects.count() == 1


def test_e03_a_key_needs_the_scope_and_for_sms_another(
    a_key: Callable[..., tuple[ServiceKey, APIClient]],
) -> None:
    key, client = a_key("events:send")
    event = an_event(EMAIL, SMS, owner=key.lineage)
    sms = {"sms": {"to_phone_number": ["79110000000"], "metadata": DATA}}

    refused = sent(client, event, sms)

    assert refused.status_code == 403
    assert refused.json()["code"] == "no_sms"
    by_mail = sent(client, event, email_to(to_email=["a@example.org"]))
    assert by_mail.status_code == 202
    assert sent(a_key("events:write")[1], event, sms).status_code == 403


def test_a_service_sends_its_own_events_and_reads_their_status_only(
    a_key: Callable[..., tuple[ServiceKey, APIClient]],
    admin: APIClient,
    ann: User,
) -> None:
    key, shop = a_key("events:send")
    event = an_event(EMAIL, owner=key.lineage)
    other = a_key("events:send", name="other")[1]
    sent(shop, event, email_to(ann.pk))
    [row] = EventMessage.objects.all()
    one = f"/api/events/notifications/{row.notification_id}/"

    assert sent(other, event, email_to(ann.pk)).status_code == 404
    assert other.get(path_of(event, "notifications/")).status_code == 404
    assert other.get(one).status_code == 404
    assert other.post(f"{one}resend/").status_code == 404
    assert shop.get(one).status_code == admin.get(one).status_code == 200


def test_e04_the_status_is_read_by_channel_and_recipient(
    admin: APIClient,
    event: Event,
    ann: User,
    django_assert_max_num_queries: Any,
) -> None:
    body = {
        **email_to(ann.pk, to_email=["carl@example.org"]),
        "sms": {"to_phone_number": ["79110000009"], "metadata": DATA},
        "in_app": {"user_ids": [ann.pk], "metadata": DATA},
    }
    send_id = sent(admin, event, body).json()["id"]
    listing = path_of(event, "notifications/")

    pending = admin.get(listing, {"status": "pending"}).json()
    delivering.work(5)
    with django_assert_max_num_queries(6):
        shown = admin.get(listing, {"status": "sent", "send": send_id}).json()
    by_sms = admin.get(listing, {"channel": "sms"}).json()["results"]

    assert pending["count"] == 3
    assert [(row["channel"], row["status"]) for row in shown["results"]] == [
        ("in_app", "sent"),
        ("sms", "sent"),
        ("email", "sent"),
        ("email", "sent"),
    ]
    assert [row["address"] for row in by_sms] == ["79…09"]
    assert "carl" not in str(shown)
    assert admin.get(listing, {"status": "lost"}).status_code == 400
    assert admin.get(listing, {"limit": 1, "offset": 1}).json()["count"] == 4


def test_e04_one_notification_shows_every_attempt_and_is_sent_again(
    admin: APIClient,
    event: Event,
    ann: User,
) -> None:
    sent(admin, event, email_to(ann.pk))
    delivering.work(5)
    [row] = EventMessage.objects.all()
    one = f"/api/events/notifications/{row.notification_id}/"

    shown = admin.get(one).json()
    again = admin.post(f"{one}resend/")
    delivering.work(5)

    [attempt] = shown["attempts"]
    assert (attempt["channel"], attempt["number"], attempt["status"]) == (
        "email",
        1,
        "sent",
    )
    assert again.status_code == 202
    assert again.json()["status"] == "pending"
    assert len(mail.outbox) == 2
    rounds = [each["round"] for each in admin.get(one).json()["attempts"]]
    assert rounds == [1, 2]


@pytest.mark.parametrize("number", ["0", "424242", str(2**63), "9" * 40])
def test_e04_a_number_that_is_nobodys_is_not_found(
    admin: APIClient,
    number: str,
) -> None:
    one = f"/api/events/notifications/{number}/"

    assert admin.get(one).status_code == 404
    assert admin.post(f"{one}resend/").status_code == 404


def test_e04_what_is_on_the_page_alone_cannot_be_sent_again(
    admin: APIClient,
    event: Event,
    ann: User,
) -> None:
    sent(admin, event, {"in_app": {"user_ids": [ann.pk], "metadata": DATA}})
    [row] = EventMessage.objects.all()

    again = admin.post(f"/api/events/notifications/{row.notification_id}/resend/")

    assert again.status_code == 409


def test_e04_a_failure_is_shown_as_one(
    admin: APIClient,
    event: Event,
    boris: User,
) -> None:
    User.objects.filter(pk=boris.pk).update(email="")
    sent(admin, event, email_to(boris.pk))
    delivering.work(5)

    shown = admin.get(path_of(event, "notifications/"), {"status": "failed"}).json()

    assert shown["count"] == 1


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect wake-ups instead of sending them."""
    tasks: list[str] = []
    monkeypatch.setattr(waking, "wake", tasks.append)
    return tasks


@pytest.fixture
def crowd(db: None, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return more users than are queued at once."""
    monkeypatch.setattr(sends, "AT_ONCE", 3)
    users = User.objects.bulk_create(User(username=f"user{n}") for n in range(7))
    return [user.pk for user in users]


def test_e07_a_long_list_is_fanned_out_by_a_worker_in_pieces(
    event: Event,
    crowd: list[int],
    woken: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    parts = [
        Part(channel="in_app", user_ids=crowd, metadata=DATA),
        Part(channel="email", addresses=["a@example.org", "b@x.org"], metadata=DATA),
    ]

    with django_capture_on_commit_callbacks(execute=True):
        row = sends.send(event, parts, source="test")

    assert "events.run_sends" in woken
    assert not Notification.objects.exists()
    counts = []
    while sends.send_next_chunk():
        counts.append(EventMessage.objects.count())
    assert counts == [3, 6, 9]
    row.refresh_from_db()
    assert (row.status, row.sent, row.total) == ("done", 9, 9)
    assert not EventSendPart.objects.exists()
    assert Delivery.objects.count() == 2


def test_e07_who_was_disabled_meanwhile_is_skipped_and_nobody_twice(
    event: Event,
    crowd: list[int],
) -> None:
    part = Part(channel="in_app", user_ids=crowd, metadata=DATA)
    row = sends.send(event, [part], source="test")
    sends.send_next_chunk()
    User.objects.filter(pk=crowd[-1]).update(is_active=False)

    while sends.send_next_chunk():
        continue

    row.refresh_from_db()
    assert (row.sent, row.skipped, row.status) == (6, 1, "done")
    told = Notification.objects.values_list("recipient_id", flat=True)
    assert sorted(told) == sorted(crowd[:-1])


def test_e07_a_send_that_always_fails_keeps_no_other_waiting(
    event: Event,
    crowd: list[int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    part = Part(channel="in_app", user_ids=crowd, metadata=DATA)
    broken = sends.send(event, [part], source="test")
    EventSendPart.objects.update(contents={})
    whole = sends.send(event, [part], source="test")

    tasks.run_sends()

    statuses = dict(EventSend.objects.values_list("pk", "status"))
    assert statuses == {broken.pk: "queued", whole.pk: "done"}
    [said] = [each for each in caplog.records if each.msg == "chunk failed"]
    assert vars(said)["row"] == broken.pk


def test_e07_a_chunk_that_fails_leaves_nothing_half_done(
    event: Event,
    crowd: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part = Part(channel="in_app", user_ids=crowd, metadata=DATA)
    row = sends.send(event, [part], source="test")
    whole = EventMessage.objects.bulk_create

    def broken(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr(EventMessage.objects, "bulk_create", broken)
    with pytest.raises(ChunkFailed) as failure:
        sends.send_next_chunk()
    assert isinstance(failure.value.__cause__, OSError)
    monkeypatch.setattr(EventMessage.objects, "bulk_create", whole)
    assert not Notification.objects.exists()

    while sends.send_next_chunk():
        continue

    row.refresh_from_db()
    assert (row.sent, Notification.objects.count()) == (7, 7)


def test_a_send_of_500_costs_a_bounded_number_of_queries(
    event: Event,
    django_assert_max_num_queries: Any,
) -> None:
    users = User.objects.bulk_create(User(username=f"u{n}") for n in range(500))
    part = Part(channel="email", user_ids=[u.pk for u in users], metadata=DATA)

    with django_assert_max_num_queries(60):
        row = sends.send(event, [part], source="test")

    assert row.sent == Delivery.objects.count() == 500


def test_too_many_recipients_are_refused(
    event: Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sends, "RECIPIENTS_AT_MOST", 1)
    addresses = ["a@example.org", "b@example.org"]

    with pytest.raises(sends.SendError) as refused:
        sends.send(
            event,
            [Part(channel="email", addresses=addresses, metadata=DATA)],
            source="test",
        )

    assert list(refused.value.errors) == ["non_field_errors"]


def test_e05_data_of_one_call_is_never_expanded_again(
    admin: APIClient,
    event: Event,
    ann: User,
) -> None:
    metadata = {"number": "{{ name }}", "name": "{% include 'x' %}"}

    sent(admin, event, email_to(ann.pk, metadata=metadata))
    delivering.work(5)

    [message] = mail.outbox
    assert message.subject == "Order {{ name }}"
    assert "Dear {% include 'x' %}" in str(message.body)


def test_the_choices_of_users_count_for_events(
    admin: APIClient,
    event: Event,
    ann: User,
) -> None:
    ann.channel_preferences.create(kind="orders", channel="email", enabled=False)

    sent(admin, event, email_to(ann.pk))
    delivering.work(5)

    assert mail.outbox == []


def test_a_channel_that_was_added_has_a_field_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vocabulary, "channels", lambda: ("email", "pager"))
    said = {"pager": {"to": ["1234"], "metadata": {"x": 1}, "language": "ru"}}

    body = SendEventBody(data=said)

    assert body.is_valid(), body.errors
    assert body.parts == [
        Part(channel="pager", addresses=["1234"], metadata={"x": 1}, language="ru"),
    ]


def test_sends_are_forgotten_when_their_notifications_are(
    event: Event,
    ann: User,
) -> None:
    kept, gone = (
        sends.send(
            event,
            [Part(channel="in_app", user_ids=[ann.pk], metadata=DATA)],
            source="test",
        )
        for _ in range(2)
    )
    Notification.objects.filter(event_message__send=gone).delete()
    now = clock.now()

    assert retention.prune(now) == 0
    assert retention.prune(now + settings.UNACKED_RETENTION + timedelta(hours=1)) == 1

    assert list(EventSend.objects.all()) == [kept]
