"""The inbox under /api/user/notifications/."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now as wall_now
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from apps.accounts.models import User
from apps.accounts.service_keys import create_service_key
from apps.accounts.tokens import create_token
from apps.common import clock
from apps.notifications import services
from apps.notifications.models import Notification
from apps.notifications.tests.clients import as_service, as_user

INBOX = "/api/user/notifications/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(ann: User) -> APIClient:
    """Return Ann's client."""
    return as_user(ann)


def seqs(answer: Any) -> list[int]:
    """Return the numbers of a page."""
    assert answer.status_code == 200
    return [item["seq"] for item in answer.json()["results"]]


def named(user: User) -> list[str]:
    """Return what acknowledged each of a user's notifications."""
    rows = Notification.objects.filter(recipient=user).order_by("seq")
    return list(rows.values_list("acked_by", flat=True))


def fill(user: User, count: int = 3) -> list[Notification]:
    """Send a few notifications."""
    return [services.notify(recipient=user, payload={"n": n}) for n in range(count)]


def test_x7_the_inbox_is_a_page_newest_first(client: APIClient, ann: User) -> None:
    fill(ann, 30)

    page = client.get(INBOX).json()

    assert (page["count"], page["previous"]) == (30, None)
    assert "page=2" in page["next"]
    assert [item["seq"] for item in page["results"]] == list(range(30, 5, -1))
    assert page["unread"] == 30
    assert page["stream"].keys() == {"epoch", "last_seq", "state_version"}
    assert page["stream"]["last_seq"] == 30


def test_x7_an_item_shows_everything_but_its_sender(
    client: APIClient, ann: User
) -> None:
    row = services.notify(recipient=ann, payload=[1.0], title="T", source="user:9")

    [item] = client.get(INBOX).json()["results"]

    assert item == {
        "id": row.pk,
        "key": str(row.key),
        "seq": 1,
        "payload": [1.0],
        "title": "T",
        "body": "",
        "severity": "info",
        "kind": "message",
        "url": "",
        "created_at": item["created_at"],
        "expires_at": None,
        "acked_at": None,
        "read_at": None,
        "archived_at": None,
        "state": "unread",
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page=1", 200),
        ("page=-1", 404),
        ("page=1000000000", 404),
        ("page=abc", 404),
        ("page_size=1000000", 200),
        ("page_size=-1", 200),
        ("after=0", 200),
        ("after=-1", 400),
        ("after=1e3", 400),
        ("after=9223372036854775807", 200),
        ("after=9223372036854775808", 400),
        ("before=0", 200),
        ("before=-1", 400),
        ("before=9223372036854775808", 400),
        ("state=withdrawn", 400),
        ("severity=loud", 400),
        ("search=%00", 400),
        ("kind=%00", 400),
        ("search=%ff%25_", 200),
        ("ordering=password", 200),
        ("recipient__password=x", 200),
    ],
)
def test_x7_parameters_are_checked(
    *,
    client: APIClient,
    ann: User,
    query: str,
    code: int,
) -> None:
    fill(ann)

    assert client.get(f"{INBOX}?{query}").status_code == code


def test_x7_a_page_has_100_at_most(client: APIClient, ann: User) -> None:
    services.notify_many([services.Draft(ann.pk, payload=n) for n in range(101)])

    assert len(seqs(client.get(f"{INBOX}?page_size=1000000"))) == 100


def test_x7_filters_combine(client: APIClient, ann: User) -> None:
    for severity, kind in (("info", "a"), ("critical", "a"), ("critical", "b")):
        services.notify(recipient=ann, payload={}, severity=severity, kind=kind)

    assert seqs(client.get(f"{INBOX}?severity=critical")) == [3, 2]
    assert seqs(client.get(f"{INBOX}?severity=critical&kind=a")) == [2]


def test_x7_search_looks_at_title_body_and_payload(
    client: APIClient, ann: User
) -> None:
    services.notify(recipient=ann, payload={}, title="A parcel")
    services.notify(recipient=ann, payload={}, title="T", body="Your PARCEL")
    services.notify(recipient=ann, payload={"text": "parcel"})
    services.notify(recipient=ann, payload={"text": "100%"})

    assert seqs(client.get(f"{INBOX}?search=parcel")) == [3, 2, 1]
    assert seqs(client.get(f"{INBOX}?search=%25")) == [4]


def test_after_gives_what_came_since_in_ascending_order(
    client: APIClient,
    ann: User,
) -> None:
    fill(ann, 5)

    assert seqs(client.get(f"{INBOX}?after=2")) == [3, 4, 5]
    assert seqs(client.get(f"{INBOX}?after=5")) == []


def test_before_continues_the_list_where_it_ended(
    client: APIClient,
    ann: User,
) -> None:
    fill(ann, 5)

    assert seqs(client.get(f"{INBOX}?before=3")) == [2, 1]
    assert seqs(client.get(f"{INBOX}?before=1")) == []


def test_states_are_filtered_and_archived_ones_left_out(
    client: APIClient,
    ann: User,
) -> None:
    rows = fill(ann, 5)
    services.mark_read(ann.pk, [rows[1].key])
    services.archive(ann.pk, [rows[2].key])
    services.withdraw([rows[3].key])
    Notification.objects.filter(seq=5).update(expires_at=clock.now())

    assert seqs(client.get(INBOX)) == [2, 1]
    assert seqs(client.get(f"{INBOX}?state=unread")) == [1]
    assert seqs(client.get(f"{INBOX}?state=read")) == [2]
    assert seqs(client.get(f"{INBOX}?state=archived")) == [3]
    states = [client.get(f"{INBOX}{row.key}/").json()["state"] for row in rows]
    assert states == ["unread", "read", "archived", "withdrawn", "expired"]


def test_counts(client: APIClient, ann: User) -> None:
    rows = [
        services.notify(recipient=ann, payload={}, severity=severity)
        for severity in ("info", "critical", "critical", "warning", "info")
    ]
    services.mark_read(ann.pk, [rows[1].key])
    services.archive(ann.pk, [rows[3].key])
    services.withdraw([rows[4].key])

    assert client.get(f"{INBOX}counts/").json() == {
        "unread": 2,
        "total": 3,
        "archived": 1,
        "by_severity": {"info": 1, "warning": 0, "critical": 1},
    }


def test_read_and_unread(client: APIClient, ann: User) -> None:
    [row] = fill(ann, 1)

    read = client.post(f"{INBOX}{row.key}/read/").json()
    again = client.post(f"{INBOX}{row.key}/read/").json()
    unread = client.post(f"{INBOX}{row.key}/unread/").json()

    assert read["state"] == "read"
    assert read["acked_at"] is not None
    assert again == read
    assert (unread["state"], unread["read_at"]) == ("unread", None)
    assert unread["acked_at"] == read["acked_at"]


def test_archive_and_back(client: APIClient, ann: User) -> None:
    [row] = fill(ann, 1)

    archived = client.post(f"{INBOX}{row.key}/archive/").json()
    back = client.post(f"{INBOX}{row.key}/unarchive/").json()

    assert archived["state"] == "archived"
    assert archived["acked_at"] is not None
    assert back["state"] == "unread"


def test_read_all_up_to_a_number(client: APIClient, ann: User) -> None:
    fill(ann, 4)

    answer = client.post(f"{INBOX}read-all/", {"up_to": 3}, format="json")
    assert answer.json() == {"updated": 3, "unread": 1}
    assert client.post(f"{INBOX}read-all/").json() == {"updated": 1, "unread": 0}


@pytest.mark.parametrize("up_to", [-1, 2**63, "3", 1.5, True, None])
def test_read_all_refuses_what_is_no_number(client: APIClient, up_to: object) -> None:
    answer = client.post(f"{INBOX}read-all/", {"up_to": up_to}, format="json")

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""),
        ("post", "read/"),
        ("post", "unread/"),
        ("post", "archive/"),
        ("post", "unarchive/"),
    ],
)
def test_somebody_elses_notification_is_404_and_stays_as_it_is(
    *,
    client: APIClient,
    bob: User,
    method: str,
    path: str,
) -> None:
    [row] = fill(bob, 1)

    answer = getattr(client, method)(f"{INBOX}{row.key}/{path}")

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    row.refresh_from_db()
    assert (row.read_at, row.archived_at, row.acked_at) == (None, None, None)


def test_the_list_is_the_callers_own(client: APIClient, ann: User, bob: User) -> None:
    fill(ann, 1)
    fill(bob, 2)

    assert client.get(INBOX).json()["count"] == 1


def test_anonymous_callers_and_services_have_no_inbox() -> None:
    assert APIClient().get(INBOX).status_code == 401
    assert as_service("notify:send").get(INBOX).status_code == 403


def test_an_inbox_token_opens_the_inbox_and_does_not_send(ann: User) -> None:
    User.objects.filter(pk=ann.pk).update(is_admin=True)
    key = create_service_key("site", scopes=["tickets:mint"], now=wall_now()).key
    new = create_token(ann, lifetime=timedelta(hours=1), now=wall_now(), minted_by=key)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {new.token}")

    assert client.get(INBOX).status_code == 200
    sent = client.post(
        "/api/notifications/send/",
        {"user_id": ann.pk, "payload": 1},
        format="json",
    )
    assert sent.status_code == 403


def test_x7_the_list_costs_five_queries_at_most(
    client: APIClient,
    ann: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    fill(ann, 30)
    client.get(INBOX)

    with django_assert_max_num_queries(5):
        client.get(INBOX)


def test_the_position_is_not_newer_than_the_rows(
    client: APIClient,
    ann: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What arrives between the two reads is on the page and above the position."""
    fill(ann, 1)
    real = Notification.objects.filter

    def insert_between(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.undo()
        fill(ann, 1)
        return real(*args, **kwargs)

    monkeypatch.setattr(
        "apps.notifications.pages.selectors.inbox",
        lambda user_id: insert_between(recipient_id=user_id),
    )
    page = client.get(INBOX).json()

    assert page["stream"]["last_seq"] == 1
    assert [item["seq"] for item in page["results"]] == [2, 1]


def test_what_called_is_named_in_the_row(client: APIClient, ann: User) -> None:
    read, archived, _ = fill(ann)

    client.post(f"{INBOX}{read.key}/read/", headers={"User-Agent": "curl/8.14.1"})
    client.post(f"{INBOX}{archived.key}/archive/")
    client.post(f"{INBOX}read-all/", headers={"User-Agent": "x" * 999})

    assert named(ann) == ["curl", "HTTP API", "x" * 40]
