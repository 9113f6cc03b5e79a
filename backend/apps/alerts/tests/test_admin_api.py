"""Alerts as administrators and services write them: A10 to A12, A44, bad input."""

import json
from typing import Any

import pytest

from apps.accounts.models import Team, User
from apps.alerts.models import Alert
from apps.alerts.tests.builders import DAY, an_alert, for_team
from apps.common import clock
from apps.notifications.tests.clients import as_service, as_user, post
from apps.push import protocol

ALERTS = "/api/admin/alerts/"
DOCUMENTED = {
    "title": "System Maintenance",
    "message": "The system goes down tonight.",
    "severity": "warning",
    "visibility_type": "organization",
    "start_time": "2024-01-01T00:00:00Z",
    "expiry_time": "2024-01-02T00:00:00Z",
    "reminders_enabled": True,
}
pytestmark = pytest.mark.django_db


def one(alert: Alert) -> str:
    return f"{ALERTS}{alert.pk}/"


def put(client: Any, path: str, body: object) -> Any:
    return client.put(path, json.dumps(body), content_type="application/json")


def current(**given: object) -> dict[str, object]:
    now = clock.now()
    times = {
        "start_time": protocol.timestamp(now),
        "expiry_time": protocol.timestamp(now + DAY),
    }
    return {**DOCUMENTED, **times, **given}


def test_a10_the_documented_call_writes_an_alert_that_is_expired_today(
    ada: User,
) -> None:
    answer = post(as_user(ada), DOCUMENTED, ALERTS)

    assert answer.status_code == 201, answer.content
    written = answer.json()
    assert {key: written[key] for key in DOCUMENTED} == DOCUMENTED
    assert written["status"] == "expired"
    assert written["is_active"] is True
    assert written["reminder_interval"] == 7200
    assert written["channels"] == ["in_app"]
    assert written["created_by"] == ada.pk
    assert Alert.objects.get(pk=written["id"]).is_live is False


def test_a10_teams_and_users_are_named_by_their_ids(
    ada: User, ann: User, engineering: Team
) -> None:
    client = as_user(ada)
    for_a_team = current(visibility_type="team", target_teams=[engineering.pk])
    for_a_user = current(visibility_type="user", target_users=[ann.pk])

    team = post(client, for_a_team, ALERTS)
    user = post(client, for_a_user, ALERTS)

    assert team.json()["target_teams"] == [engineering.pk]
    assert team.json()["target_users"] == []
    assert user.json()["target_users"] == [ann.pk]
    assert user.json()["status"] == "active"


def test_a_service_with_the_scope_writes_alerts(db: None) -> None:
    answer = post(as_service("alerts:write"), current(), ALERTS)

    assert answer.status_code == 201
    assert answer.json()["created_by"] is None


def test_the_same_idempotency_key_writes_one_alert(ada: User) -> None:
    client, body = as_user(ada), current()

    first = post(client, body, ALERTS, HTTP_IDEMPOTENCY_KEY="one")
    again = post(client, body, ALERTS, HTTP_IDEMPOTENCY_KEY="one")

    assert first.json() == again.json()
    assert Alert.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        ("expiry_time", {"expiry_time": "2023-12-31T00:00:00Z"}),
        ("expiry_time", {"expiry_time": "2024-01-01T00:00:00Z"}),
        ("start_time", {"start_time": "2024-01-01T00:00:00"}),
        ("expiry_time", {"expiry_time": "2024-01-02T00:00:00"}),
        ("expiry_time", {"expiry_time": "tomorrow"}),
        ("expiry_time", {"expiry_time": None}),
        ("expiry_time", {"expiry_time": "9999-12-31T23:59:59Z"}),
        ("title", {"title": ""}),
        ("title", {"title": " "}),
        ("title", {"title": "x" * 201}),
        ("title", {"title": 7}),
        ("message", {"message": "x" * 4001}),
        ("severity", {"severity": "loud"}),
        ("visibility_type", {"visibility_type": "world"}),
        ("target_teams", {"visibility_type": "team"}),
        ("target_teams", {"visibility_type": "team", "target_teams": []}),
        ("target_teams", {"visibility_type": "team", "target_teams": [4711]}),
        ("target_teams", {"visibility_type": "team", "target_teams": ["a"]}),
        ("target_users", {"visibility_type": "user"}),
        ("target_users", {"visibility_type": "user", "target_users": [4711]}),
        ("target_users", {"visibility_type": "user", "target_users": [2**63]}),
        ("target_users", {"visibility_type": "user", "target_users": [True]}),
        ("target_users", {"target_users": [1]}),
        ("reminder_interval", {"reminder_interval": 1}),
        ("reminder_interval", {"reminder_interval": 899}),
        ("reminder_interval", {"reminder_interval": 604_801}),
        ("reminder_interval", {"reminder_interval": "2h"}),
        ("max_reminders", {"max_reminders": 0}),
        ("max_reminders", {"max_reminders": 1001}),
        ("reminders_enabled", {"reminders_enabled": "yes"}),
        ("channels", {"channels": []}),
        ("channels", {"channels": ["email"]}),
        ("channels", {"channels": ["in_app", "pigeon"]}),
        ("channels", {"channels": ["in_app", "in_app"]}),
        ("is_active", {"is_active": 1}),
        ("colour", {"colour": "red"}),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(
    ada: User, field: str, changed: dict[str, object]
) -> None:
    answer = post(as_user(ada), {**DOCUMENTED, **changed}, ALERTS)

    assert answer.status_code == 400
    assert list(answer.json()) == [field], answer.json()
    assert not Alert.objects.exists()


@pytest.mark.parametrize("missing", ["title", "message", "expiry_time"])
def test_what_is_required_is_named_when_it_is_missing(ada: User, missing: str) -> None:
    body = {key: value for key, value in DOCUMENTED.items() if key != missing}

    answer = post(as_user(ada), body, ALERTS)

    assert answer.status_code == 400
    assert list(answer.json()) == [missing]


def test_a11_filters_combine(ada: User, engineering: Team) -> None:
    wanted = for_team(engineering, severity="critical")
    for_team(engineering, severity="info")
    for_team(engineering, severity="critical", is_active=False)
    an_alert(severity="critical")

    answer = as_user(ada).get(
        f"{ALERTS}?severity=critical&is_active=true&visibility_type=team"
    )

    assert answer.status_code == 200
    assert answer.json()["count"] == 1
    assert [each["id"] for each in answer.json()["results"]] == [wanted.pk]


@pytest.mark.parametrize(
    "query", ["severity=loud", "is_active=perhaps", "status=new", "archived=2"]
)
def test_a_filter_that_cannot_be_is_refused_by_name(ada: User, query: str) -> None:
    answer = as_user(ada).get(f"{ALERTS}?{query}")

    assert answer.status_code == 400
    assert list(answer.json()) == [query.split("=", maxsplit=1)[0]]


def test_the_list_is_newest_first_in_pages(ada: User) -> None:
    made = [an_alert(title=f"alert {n}").pk for n in range(3)]

    answer = as_user(ada).get(f"{ALERTS}?page_size=2")

    assert [each["id"] for each in answer.json()["results"]] == made[:0:-1]
    assert answer.json()["next"] is not None


def test_the_list_takes_as_many_queries_for_many_alerts(
    ada: User, engineering: Team, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        for_team(engineering)
    client = as_user(ada)

    with django_assert_max_num_queries(5):
        client.get(ALERTS)


def test_a12_put_takes_a_part_of_the_body(ada: User) -> None:
    alert = an_alert(severity="critical")

    answer = put(
        as_user(ada), one(alert), {"title": "Updated Title", "is_active": False}
    )

    assert answer.status_code == 200
    assert answer.json()["title"] == "Updated Title"
    assert answer.json()["is_active"] is False
    assert answer.json()["severity"] == "critical"


def test_a12_patch_and_what_was_read_can_be_written_back(ada: User) -> None:
    alert, client = an_alert(), as_user(ada)
    read = client.get(one(alert)).json()

    patched = client.patch(one(alert), {"severity": "info"}, format="json")
    whole = put(client, one(alert), read)

    assert patched.json()["severity"] == "info"
    assert whole.status_code == 200, whole.content
    assert whole.json()["severity"] == "warning"


def test_a12_delete_archives(ada: User) -> None:
    alert, client = an_alert(), as_user(ada)

    answer = client.delete(one(alert))

    assert answer.status_code == 204
    assert client.delete(one(alert)).status_code == 204
    assert client.get(ALERTS).json()["count"] == 0
    assert client.get(f"{ALERTS}?archived=true").json()["count"] == 1
    kept = client.get(one(alert)).json()
    assert kept["archived_at"] is not None
    assert kept["status"] == "withdrawn"


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_an_alert_that_does_not_exist_is_404(ada: User, method: str) -> None:
    answer = getattr(as_user(ada), method)(f"{ALERTS}4711/", format="json")

    assert answer.status_code == 404


def test_a_change_that_does_not_fit_what_is_stored_is_refused(ada: User) -> None:
    alert = an_alert()

    answer = put(as_user(ada), one(alert), {"expiry_time": "2024-01-01T00:00:00Z"})

    assert answer.status_code == 400
    assert list(answer.json()) == ["expiry_time"]
    assert Alert.objects.get().expiry_time == alert.expiry_time


def test_another_kind_of_audience_forgets_the_old_targets(
    ada: User, engineering: Team
) -> None:
    alert = for_team(engineering)

    answer = put(as_user(ada), one(alert), {"visibility_type": "organization"})

    assert answer.status_code == 200
    assert answer.json()["target_teams"] == []


def test_somebody_disabled_since_is_not_in_the_way_of_a_change(
    ada: User, ann: User
) -> None:
    client = as_user(ada)
    body = current(visibility_type="user", target_users=[ann.pk])
    made = post(client, body, ALERTS).json()
    User.objects.filter(pk=ann.pk).update(is_active=False)

    answer = put(client, f"{ALERTS}{made['id']}/", {"title": "Other"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"start_time": 1, "expiry_time": 2}, "scheduled"),
        ({"start_time": -1, "expiry_time": 1}, "active"),
        ({"start_time": -2, "expiry_time": -1}, "expired"),
        ({"start_time": -1, "expiry_time": 1, "is_active": False}, "withdrawn"),
    ],
)
def test_a44_status_is_computed_beside_the_stored_switch(
    ada: User, given: dict[str, Any], status: str
) -> None:
    now = clock.now()
    times = {key: now + given.pop(key) * DAY for key in ("start_time", "expiry_time")}
    alert = an_alert(**times, **given)
    client = as_user(ada)

    shown = client.get(one(alert)).json()
    found = client.get(f"{ALERTS}?status={status}").json()
    others = {"scheduled", "active", "expired", "withdrawn"} - {status}

    assert shown["status"] == status
    assert shown["is_active"] is (status != "withdrawn")
    assert found["count"] == 1
    assert not any(client.get(f"{ALERTS}?status={o}").json()["count"] for o in others)


def test_a03_staff_get_the_browsable_api(ada: User, client: Any) -> None:
    ada.is_staff = True
    ada.save(update_fields=["is_staff"])
    client.force_login(ada)

    answer = client.get(ALERTS, headers={"Accept": "text/html"})

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")


def test_a04_is_admin_lifts_the_refusal(ann: User) -> None:
    client = as_user(ann)
    assert client.get(ALERTS).status_code == 403

    ann.is_admin = True
    ann.save()

    assert client.get(ALERTS).status_code == 200
