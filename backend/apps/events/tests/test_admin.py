"""Events in the administration."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import User
from apps.events.models import Event, EventSend
from apps.events.tests.builders import EMAIL, SMS, an_event
from apps.notifications import delivering

LIST = "/admin/events/event/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(db: None) -> User:
    """Return a superuser with an address."""
    return User.objects.create_superuser("boss", email="boss@example.org")


@pytest.fixture
def desk(boss: User) -> Client:
    """Return a browser in which the superuser is signed in."""
    client = Client()
    client.force_login(boss)
    return client


def form(*templates: dict[str, Any], initial: int = 0, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": "Order shipped",
        "description": "",
        "kind": "orders",
        "severity": "info",
        "default_language": "en",
        "variables": "number, name",
        "sample": '{"number": 7, "name": "Ann"}',
        "templates-TOTAL_FORMS": len(templates),
        "templates-INITIAL_FORMS": initial,
        **fields,
    }
    for number, template in enumerate(templates):
        body |= {f"templates-{number}-{name}": v for name, v in template.items()}
    return body


def by_mail(**changes: Any) -> dict[str, Any]:
    return {
        "channel": "email",
        "locale": "en",
        "subject": "Order {{ number }}",
        "content": "Dear {{ name }}",
        "attachments": 0,
        **changes,
    }


def test_an_event_is_written_with_its_templates(desk: Client) -> None:
    answer = desk.post(f"{LIST}add/", form(by_mail()))

    assert answer.status_code == 302, answer.content.decode()
    event = Event.objects.get()
    assert (event.name, event.variables) == ("Order shipped", ["number", "name"])
    assert event.sample == {"number": 7, "name": "Ann"}
    assert [row.channel for row in event.templates.all()] == ["email"]


def test_names_and_templates_that_belong_together_change_together(desk: Client) -> None:
    event = an_event(EMAIL, variables=["number", "name"])
    [row] = event.templates.all()
    changed = by_mail(
        id=row.pk, event=event.pk, subject="Hello", content="{{ nickname }}"
    )

    answer = desk.post(
        f"{LIST}{event.pk}/change/",
        form(changed, initial=1, variables="nickname"),
    )

    assert answer.status_code == 302, answer.content.decode()
    event.refresh_from_db()
    assert event.variables == ["nickname"]
    assert event.templates.get().content == "{{ nickname }}"


@pytest.mark.parametrize(
    ("template", "fields", "told"),
    [
        (by_mail(content="{{ x"), {}, "found end of file"),
        (by_mail(subject="Hi {{ nickname }}"), {}, "Not among the event"),
        (by_mail(locale="ru"), {}, "lacks a template in en"),
        (by_mail(channel="sms"), {}, "sms has no subject"),
        (by_mail(), {"sample": "[1]"}, "An object"),
        (by_mail(), {"sample": "{"}, "not valid JSON"),
        (by_mail(), {"variables": "a b"}, "Not a name"),
    ],
)
def test_the_rules_are_those_of_the_api(
    desk: Client,
    template: dict[str, Any],
    fields: dict[str, Any],
    told: str,
) -> None:
    answer = desk.post(f"{LIST}add/", form(template, **fields))

    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert not Event.objects.exists()


def test_the_preview_shows_each_channel_and_html_only_in_a_sandbox(
    desk: Client,
) -> None:
    event = an_event(EMAIL, SMS, sample={"number": 7, "name": "<b>Ann</b>"})
    opened = desk.get(f"{LIST}{event.pk}/show-preview/")
    assert opened["Location"] == f"{LIST}{event.pk}/preview/"

    shown = desk.get(f"{LIST}{event.pk}/preview/").content.decode()

    assert "Dear &lt;b&gt;Ann&lt;/b&gt;" in shown
    assert "17 characters, 1 SMS" in shown
    filled = {"metadata": '{"number": "1"}', "language": ""}
    other = desk.post(f"{LIST}{event.pk}/preview/", filled).content.decode()
    assert "Missing: name" in other
    assert "Order 1 is coming" in other


def test_the_preview_is_sent_to_oneself(desk: Client) -> None:
    event = an_event(EMAIL)
    body = {"metadata": '{"number": 1, "name": "B"}', "send": "email"}

    desk.post(f"{LIST}{event.pk}/preview/", body)
    delivering.work(5)

    assert [message.to for message in mail.outbox] == [["boss@example.org"]]
    assert EventSend.objects.get().total == 1


def test_a_preview_that_cannot_be_sent_says_why(desk: Client) -> None:
    event = an_event(EMAIL)
    body = {"metadata": "{}", "send": "email"}

    page = desk.post(f"{LIST}{event.pk}/preview/", body, follow=True)

    assert "email.metadata.name: Missing" in page.content.decode()
    assert not EventSend.objects.exists()


def test_events_are_taken_out_of_use_and_stay_in_the_table(desk: Client) -> None:
    event = an_event(EMAIL)

    desk.post(LIST, {"action": "delete_events", "_selected_action": [event.pk]})

    assert desk.get(f"{LIST}{event.pk}/change/").status_code == 302
    assert Event.objects.get().deleted_at is not None


def test_staff_who_may_not_use_the_api_may_not_here(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    event = an_event(EMAIL)

    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{event.pk}/preview/").status_code == 403
    assert client.get("/admin/events/eventsend/").status_code == 403


def test_the_sends_are_listed(desk: Client) -> None:
    event = an_event(EMAIL)
    desk.post(
        f"{LIST}{event.pk}/preview/",
        {"metadata": '{"number": 1, "name": "B"}', "send": "email"},
    )

    page = desk.get("/admin/events/eventsend/").content.decode()

    assert "Order shipped" in page
