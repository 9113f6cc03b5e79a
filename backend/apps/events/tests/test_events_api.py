"""Events over HTTP: defined, listed, changed, deleted, previewed."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts import service_keys
from apps.accounts.models import ServiceKey
from apps.common import clock
from apps.events.models import Event
from apps.events.tests.builders import EMAIL, EMAIL_RU, an_event, key_client

EVENTS = "/api/events/"
BODY: dict[str, Any] = {
    "name": "Order shipped",
    "description": "The parcel left the house.",
    "kind": "orders",
    "variables": ["number", "name"],
    "sample": {"number": 7, "name": "Ann"},
    "templates": [
        {
            "channel": "email",
            "subject": "Order {{ number }}",
            "is_html": True,
            "content": "<p>Dear {{ name }}</p>",
            "attachments": 1,
        },
        {"channel": "sms", "content": "Order {{ number }} is coming"},
        {"channel": "sms", "locale": "ru", "content": "Заказ {{ number }} в пути"},
    ],
}
pytestmark = pytest.mark.django_db


def created(client: APIClient, **changes: Any) -> Any:
    return client.post(EVENTS, {**BODY, **changes}, format="json")


def test_e01_without_a_key_the_answer_is_401(client: Any) -> None:
    assert client.get(EVENTS).status_code == 401
    wrong = {"HTTP_X_SERVICE_ID": "ck_00000000", "HTTP_X_SERVICE_TOKEN": "x" * 43}
    assert client.get(EVENTS, **wrong).status_code == 401


def test_e01_a_key_needs_the_scope(
    a_key: Callable[..., tuple[ServiceKey, APIClient]],
) -> None:
    sender = a_key("events:send")[1]

    assert created(sender).status_code == 403
    assert sender.get(EVENTS).status_code == 200
    assert a_key("notify:send")[1].get(EVENTS).status_code == 403


def test_e02_an_event_is_created_and_shown(shop: APIClient) -> None:
    answer = created(shop)

    assert answer.status_code == 201, answer.json()
    shown = shop.get(f"{EVENTS}{answer.json()['id']}/").json()
    assert shown == answer.json()
    assert shown["name"] == "Order shipped"
    assert (shown["kind"], shown["severity"]) == ("orders", "info")
    assert shown["templates"] == [
        {**BODY["templates"][0], "locale": "en"},
        {**BODY["templates"][1], "locale": "en"},
        BODY["templates"][2],
    ]


def test_e02_all_that_is_wrong_is_named_at_once(shop: APIClient) -> None:
    templates = [
        {"channel": "email", "subject": "Hi\nBcc: x", "content": "{{ nickname }}"},
        {"channel": "fax", "content": "x"},
        {"channel": "sms", "content": "Order {{ number"},
        {"channel": "telegram", "content": "fine"},
    ]

    answer = created(shop, templates=templates, default_language="English")

    assert answer.status_code == 400
    errors = answer.json()
    assert set(errors) == {"templates", "default_language"}
    assert [sorted(each) for each in errors["templates"]] == [
        ["content", "locale", "subject"],
        ["channel"],
        ["content", "locale"],
        ["locale"],
    ]
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": 7}, "name"),
        ({"kind": "Orders!"}, "kind"),
        ({"severity": "loud"}, "severity"),
        ({"variables": ["number", "name", "a b"]}, "variables"),
        ({"sample": []}, "sample"),
        ({"sample": {"x": "y" * 40_000}}, "sample"),
        ({"templates": {}}, "templates"),
        ({"templates": [{"channel": "sms"}]}, "templates"),
        ({"templates": [{"channel": "sms", "content": "x", "a": 1}]}, "templates"),
        ({"templates": [BODY["templates"][1]] * 2}, "templates"),
        ({"templates": [BODY["templates"][2]]}, "templates"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_e02_what_cannot_be_is_refused_at_the_field(
    shop: APIClient,
    changes: dict[str, Any],
    field: str,
) -> None:
    answer = created(shop, **changes)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Event.objects.exists()


def test_e02_a_service_has_one_event_of_a_name(shop: APIClient) -> None:
    created(shop)

    answer = created(shop)

    assert answer.status_code == 400
    assert answer.json() == {"name": ["There is an event of this name."]}


def test_e02_creating_twice_with_one_key_creates_once(shop: APIClient) -> None:
    first, second = (
        shop.post(EVENTS, BODY, format="json", HTTP_IDEMPOTENCY_KEY="order")
        for _ in range(2)
    )

    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Event.objects.count() == 1


def test_e02_what_is_left_out_stays_and_templates_are_replaced(
    shop: APIClient,
) -> None:
    path = f"{EVENTS}{created(shop).json()['id']}/"

    renamed = shop.patch(path, {"name": "Parcel sent"}, format="json").json()
    template = {"channel": "sms", "content": "{{ name }}"}
    answer = shop.put(path, {"templates": [template]}, format="json").json()

    assert len(renamed["templates"]) == 3
    assert answer["name"] == "Parcel sent"
    assert answer["templates"] == [{**template, "locale": "en"}]


def test_e02_a_change_that_breaks_other_templates_is_refused(shop: APIClient) -> None:
    path = f"{EVENTS}{created(shop).json()['id']}/"

    fewer = shop.patch(path, {"variables": ["name"]}, format="json")
    other = shop.patch(path, {"default_language": "ru"}, format="json")

    assert fewer.status_code == other.status_code == 400
    assert "number" in str(fewer.json()["templates"])
    assert other.json() == {
        "templates": ["email lacks a template in ru, the default language."],
    }


@pytest.mark.parametrize("method", ["patch", "put"])
def test_e02_a_template_without_a_channel_is_refused_in_a_change_too(
    shop: APIClient,
    method: str,
) -> None:
    path = f"{EVENTS}{created(shop).json()['id']}/"
    templates = [{"channel": "sms", "content": "x"}, {"content": "x"}]

    answer = getattr(shop, method)(path, {"templates": templates}, format="json")

    assert answer.status_code == 400
    assert list(answer.json()["templates"][1]) == ["channel"]


def test_e02_a_deleted_event_is_gone_and_its_name_is_free(shop: APIClient) -> None:
    path = f"{EVENTS}{created(shop).json()['id']}/"

    assert shop.delete(path).status_code == 204
    assert shop.get(path).status_code == 404
    assert shop.delete(path).status_code == 404
    assert shop.patch(path, {"name": "x"}, format="json").status_code == 404
    assert shop.get(EVENTS).json()["count"] == 0
    assert created(shop).status_code == 201
    assert Event.objects.count() == 2


def test_e02_events_are_listed_by_pages_or_by_slices_and_searched(
    admin: APIClient,
) -> None:
    for number in range(5):
        an_event(name=f"Event {number}", description=f"About {number}")

    page = admin.get(EVENTS, {"page_size": 2, "page": 2}).json()
    piece = admin.get(EVENTS, {"limit": 2, "offset": 1}).json()
    by_name = admin.get(EVENTS, {"search": "event 3"}).json()
    by_description = admin.get(EVENTS, {"search": "about 4"}).json()

    assert (page["count"], len(page["results"])) == (5, 2)
    assert [each["name"] for each in page["results"]] == ["Event 2", "Event 1"]
    assert [each["name"] for each in piece["results"]] == ["Event 3", "Event 2"]
    assert "offset=3" in piece["next"]
    assert [each["name"] for each in by_name["results"]] == ["Event 3"]
    assert [each["name"] for each in by_description["results"]] == ["Event 4"]
    assert admin.get(EVENTS, {"page": 9}).status_code == 404


def test_a_list_costs_the_same_number_of_queries_however_long(
    admin: APIClient,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(5):
        an_event(EMAIL, EMAIL_RU, name=f"Event {number}")

    with django_assert_max_num_queries(5):
        assert len(admin.get(EVENTS).json()["results"]) == 5


def test_a_service_sees_its_own_events_and_an_administrator_all(
    a_key: Callable[..., tuple[ServiceKey, APIClient]],
    shop: APIClient,
    admin: APIClient,
) -> None:
    path = f"{EVENTS}{created(shop).json()['id']}/"
    other = a_key("events:write", "events:send", name="other")[1]

    assert other.get(EVENTS).json()["count"] == 0
    for method in ("get", "put", "patch", "delete"):
        assert getattr(other, method)(path, {}, format="json").status_code == 404
    preview = other.post(f"{path}preview/", {}, format="json")
    assert preview.status_code == 404
    assert admin.get(path).status_code == 200


def test_a_rotated_key_keeps_its_events(
    a_key: Callable[..., tuple[ServiceKey, APIClient]],
) -> None:
    key, client = a_key("events:write")
    path = f"{EVENTS}{created(client).json()['id']}/"

    successor = service_keys.rotate(key, now=clock.now(), by=None)

    assert key_client(successor).get(path).status_code == 200


def test_a_preview_shows_what_each_channel_says_with_the_sample(
    shop: APIClient,
) -> None:
    path = f"{EVENTS}{created(shop).json()['id']}/preview/"

    shown = shop.post(path, {}, format="json").json()

    assert shown["channels"] == {
        "email": {
            "locale": "en",
            "subject": "Order 7",
            "content": "Dear Ann",
            "html": "<p>Dear Ann</p>",
            "attachments": 1,
        },
        "sms": {
            "locale": "en",
            "content": "Order 7 is coming",
            "length": 17,
            "segments": 1,
        },
    }


def test_a_preview_takes_other_data_and_another_language(shop: APIClient) -> None:
    path = f"{EVENTS}{created(shop).json()['id']}/preview/"
    body = {"metadata": {"number": "я" * 60}, "language": "ru"}

    shown = shop.post(path, body, format="json").json()["channels"]

    assert shown["sms"]["locale"] == "ru"
    assert shown["sms"]["segments"] == 2
    assert shown["email"] == {"locale": "en", "attachments": 1, "missing": ["name"]}
