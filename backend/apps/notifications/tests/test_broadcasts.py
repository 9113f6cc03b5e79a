"""A broadcast: 202 at once, chunks by a worker, nobody twice."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.common import clock
from apps.notifications import broadcasts, services, tasks
from apps.notifications.broadcasts import Audience
from apps.notifications.models import Broadcast, Notification
from apps.notifications.tests.builders import a_broadcast, a_team, a_user
from apps.notifications.tests.clients import as_service, as_user

BROADCAST = "/api/notifications/send/broadcast/"
BROADCASTS = "/api/notifications/broadcasts/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count wake-ups instead of sending them."""
    calls: list[str] = []
    monkeypatch.setattr(broadcasts, "wake", lambda: calls.append("woken"))
    return calls


def post(client: APIClient, body: object) -> Any:
    """Ask for a broadcast."""
    return client.post(BROADCAST, json.dumps(body), content_type="application/json")


def recipients() -> list[int]:
    """Return who got something, once for each time."""
    rows = Notification.objects.order_by("recipient_id", "seq")
    return list(rows.values_list("recipient_id", flat=True))


def test_d01_a_broadcast_is_accepted_and_fanned_out_by_a_worker(
    woken: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    team = a_team()
    members = [a_user(team=team) for _ in range(3)]
    a_user(team=team, is_active=False)
    client = as_user(a_user(is_admin=True))

    with django_capture_on_commit_callbacks(execute=True):
        answer = post(client, {"team_id": team.pk, "payload": {"a": 1}, "title": "T"})
    before = Notification.objects.count()
    tasks.run_broadcasts()
    after = client.get(f"{BROADCASTS}{answer.json()['id']}/").json()

    assert answer.status_code == 202
    assert answer.json()["status"] == "pending"
    assert (answer.json()["recipients"], answer.json()["sent"]) == (3, 0)
    assert (answer.json()["audience"], answer.json()["team_id"]) == ("team", team.pk)
    assert (woken, before) == (["woken"], 0)
    assert recipients() == [user.pk for user in members]
    assert (after["status"], after["sent"]) == ("done", 3)


def test_d01_a_broadcast_to_everyone(ann: User, bob: User) -> None:
    client = as_service("notify:broadcast")

    answer = post(client, {"everyone": True, "title": "Hello"})
    tasks.run_broadcasts()

    assert answer.json()["audience"] == "everyone"
    assert recipients() == [ann.pk, bob.pk]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"payload": 1}, "team_id"),
        ({"payload": 1, "team_id": 1, "everyone": True}, "team_id"),
        ({"payload": 1, "everyone": False}, "everyone"),
        ({"payload": 1, "everyone": 1}, "everyone"),
        ({"payload": 1, "team_id": "1"}, "team_id"),
        ({"payload": 1, "team_id": None}, "team_id"),
        ({"payload": None, "everyone": True}, "payload"),
        ({"everyone": True}, "payload"),
        ({"everyone": True, "payload": 1, "user_id": 1}, "user_id"),
    ],
)
def test_d01_a_wrong_broadcast_is_400(body: object, field: str) -> None:
    answer = post(as_service("notify:broadcast"), body)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Broadcast.objects.exists()


def test_d01_an_unknown_team_is_404() -> None:
    answer = post(as_service("notify:broadcast"), {"team_id": 987654, "payload": 1})

    assert answer.status_code == 404
    assert answer.json()["code"] == "team_not_found"


def test_d01_who_may_broadcast(ann: User) -> None:
    body = {"everyone": True, "payload": 1}
    callers = [
        (APIClient(), 401),
        (as_user(ann), 403),
        (as_service("notify:send"), 403),
        (as_service("notify:broadcast"), 202),
        (as_user(a_user(is_admin=True)), 202),
    ]

    assert [post(client, body).status_code for client, _ in callers] == [
        code for _, code in callers
    ]
    assert [client.get(BROADCASTS).status_code for client, _ in callers] == [
        401,
        403,
        403,
        200,
        200,
    ]


def test_x7_broadcasts_are_listed_newest_first_and_filtered() -> None:
    done, pending = a_broadcast(status="done"), a_broadcast()
    client = as_service("notify:broadcast")

    everything = client.get(BROADCASTS).json()
    filtered = client.get(f"{BROADCASTS}?status=done").json()

    assert [each["id"] for each in everything["results"]] == [pending.pk, done.pk]
    assert [each["id"] for each in filtered["results"]] == [done.pk]
    assert client.get(f"{BROADCASTS}?status=x").status_code == 400
    assert client.get(f"{BROADCASTS}{2**63}/").status_code == 404


def test_a_broadcast_goes_on_from_its_cursor_in_chunks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = [a_user() for _ in range(5)]
    monkeypatch.setattr(broadcasts, "USERS_AT_ONCE", 2)
    row = a_broadcast()

    assert broadcasts.send_next_chunk()
    row.refresh_from_db()

    assert (row.status, row.sent, row.cursor) == ("running", 2, users[1].pk)
    tasks.run_broadcasts()
    row.refresh_from_db()
    assert (row.status, row.sent) == ("done", 5)
    assert recipients() == [user.pk for user in users]


def test_a_chunk_that_fails_leaves_neither_rows_nor_cursor(
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = a_broadcast()

    def killed(drafts: object) -> None:
        message = "killed"
        raise SystemExit(message)

    with monkeypatch.context() as patch:
        patch.setattr(services, "notify_many", killed)
        with pytest.raises(SystemExit):
            broadcasts.send_next_chunk()

    row.refresh_from_db()
    assert (row.cursor, row.sent, row.status) == (0, 0, "pending")
    tasks.run_broadcasts()
    assert recipients() == [ann.pk]


def test_running_twice_sends_nothing_twice(ann: User) -> None:
    a_broadcast()

    tasks.run_broadcasts()
    tasks.run_broadcasts()

    assert recipients() == [ann.pk]


def test_an_expired_broadcast_ends_without_sending(ann: User) -> None:
    row = a_broadcast(expires_at=clock.now() - timedelta(seconds=1))

    tasks.run_broadcasts()

    row.refresh_from_db()
    assert row.status == "done"
    assert recipients() == []


def test_a_notification_of_a_broadcast_is_like_any_other(ann: User) -> None:
    row = broadcasts.broadcast(Audience(None), {"payload": {"a": 1}, "title": "T"})

    tasks.run_broadcasts()

    sent = Notification.objects.get()
    assert (sent.payload, sent.title, sent.broadcast) == ('{"a":1}', "T", row)
