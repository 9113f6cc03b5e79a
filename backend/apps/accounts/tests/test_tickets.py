"""Tickets and the admission of sockets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.accounts import admission, revocation, service_keys, tickets
from apps.accounts.admission import Admission, Asked, Credential, NotAdmitted
from apps.accounts.models import AuthToken, Ticket, User, UserSession
from apps.accounts.service_keys import NewServiceKey
from apps.accounts.tests.conftest import token_of
from apps.accounts.tokens import digest_of_token
from apps.common import clock

ClientOf = Callable[[User], APIClient]


def _ticket(client: APIClient, **body: Any) -> str:
    answer = client.post("/api/auth/ticket/", body, "json")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["ticket"])


def test_a_ticket_admits_its_user_once(alice: User, client_of: ClientOf) -> None:
    ticket = _ticket(client_of(alice))

    admitted = admission.by_ticket(ticket)

    assert admitted.standing == admission.standing_of(alice)
    assert admitted.credential.kind == "token"
    with pytest.raises(NotAdmitted):
        admission.by_ticket(ticket)


def test_a_ticket_says_how_long_it_lasts_and_only_its_digest_is_kept(
    alice: User,
    client_of: ClientOf,
) -> None:
    answer = client_of(alice).post("/api/auth/ticket/").json()

    assert answer == {"ticket": answer["ticket"], "expires_in": 30}
    assert len(answer["ticket"]) == 43
    assert answer["ticket"] not in repr(Ticket.objects.values_list())


def test_a_late_ticket_and_one_of_a_disabled_user_are_refused(
    alice: User,
    client_of: ClientOf,
) -> None:
    client = client_of(alice)
    late, disabled = _ticket(client), _ticket(client)
    first = Ticket.objects.order_by("pk").first()
    assert first is not None
    Ticket.objects.filter(pk=first.pk).update(expires_at=clock.now())
    User.objects.update(is_active=False)

    for ticket in (late, disabled):
        with pytest.raises(NotAdmitted):
            admission.by_ticket(ticket)


@pytest.mark.parametrize(
    "garbage", ["", "é" * 43, "x" * 10_240, "a" * 44, "f" * 63, "0" * 65, "\x00" * 43]
)
def test_garbage_is_refused_before_any_query(
    db: None,
    garbage: str,
    django_assert_num_queries: Any,
) -> None:
    with django_assert_num_queries(0), pytest.raises(NotAdmitted):
        admission.by_ticket_or_token(garbage)


def test_a_ticket_ends_with_the_credential_that_minted_it(
    alice: User,
    service: NewServiceKey,
    service_client: APIClient,
    client_of: ClientOf,
) -> None:
    browser = APIClient()
    browser.force_login(alice)
    minted = [
        _ticket(browser),
        _ticket(client_of(alice)),
        _ticket(service_client, user_id=alice.pk),
    ]
    kinds = list(Ticket.objects.values_list("credential_kind", flat=True))
    UserSession.objects.all().delete()
    AuthToken.objects.all().delete()
    type(service.key).objects.update(is_active=False)

    for ticket in minted:
        with pytest.raises(NotAdmitted):
            admission.by_ticket(ticket)

    assert sorted(kinds) == ["service_key", "session", "token"]


def test_many_are_admitted_by_as_few_queries_as_one(
    alice: User,
    client_of: ClientOf,
    django_assert_max_num_queries: Any,
) -> None:
    held = [_ticket(client_of(alice)) for _ in range(5)]
    tokens = [token_of(alice) for _ in range(5)]
    by_ticket = [Asked(each, may_be_ticket=True, may_be_token=False) for each in held]
    by_token = [Asked(each, may_be_ticket=False, may_be_token=True) for each in tokens]

    # A savepoint around reading and using up.
    with django_assert_max_num_queries(4):
        admitted = admission.admit(by_ticket)
    with django_assert_max_num_queries(1):
        admitted += admission.admit(by_token)

    assert [each.standing.user_id for each in admitted] == [alice.pk] * 10  # type: ignore[union-attr]


def test_of_many_each_is_judged_alone(alice: User, client_of: ClientOf) -> None:
    ticket, token = _ticket(client_of(alice)), token_of(alice)
    either = {"may_be_ticket": True, "may_be_token": True}

    answers = admission.admit(
        [Asked(each, **either) for each in (ticket, "x", token, ticket, token)],
    )

    kinds = [Admission, NotAdmitted, Admission, NotAdmitted, Admission]
    assert [type(each) for each in answers] == kinds


def test_a_token_admits_and_one_for_the_inbox_does_not(
    alice: User,
    service: NewServiceKey,
) -> None:
    minted = tickets.mint_inbox_pass(alice, key=service.key, now=clock.now())

    admitted = admission.by_ticket_or_token(token_of(alice))

    assert admitted.standing.user_id == alice.pk
    with pytest.raises(NotAdmitted):
        admission.by_token(minted.token.token)


def test_people_get_tickets_for_themselves_only(
    alice: User,
    bob: User,
    client_of: ClientOf,
) -> None:
    answer = client_of(alice).post("/api/auth/ticket/", {"user_id": bob.pk}, "json")

    assert answer.status_code == 403
    assert not Ticket.objects.exists()


def test_a_service_names_the_user_by_either_id(
    alice: User,
    service_client: APIClient,
) -> None:
    User.objects.update(external_id="crm-7")

    by_id = service_client.post("/api/auth/ticket/", {"user_id": alice.pk}, "json")
    by_name = service_client.post("/api/auth/ticket/", {"external_id": "crm-7"}, "json")

    for answer in (by_id, by_name):
        assert answer.status_code == 201
        assert answer.json()["inbox_token_expires_in"] == 3600
        admitted = admission.by_ticket(answer.json()["ticket"])
        assert admitted.standing.user_id == alice.pk


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 400),
        ({"user_id": 1, "external_id": "x"}, 400),
        ({"user_id": 999_999}, 404),
        ({"user_id": 2**63}, 400),
        ({"user_id": "x"}, 400),
        ({"external_id": "unknown"}, 404),
    ],
)
def test_a_service_must_name_one_user_that_exists(
    service_client: APIClient,
    body: dict[str, Any],
    code: int,
) -> None:
    assert service_client.post("/api/auth/ticket/", body, "json").status_code == code


def test_an_inbox_token_opens_tickets_and_nothing_else_of_accounts(
    alice: User,
    service: NewServiceKey,
) -> None:
    minted = tickets.mint_inbox_pass(alice, key=service.key, now=clock.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {minted.token.token}")

    codes = [
        client.get("/api/user/me/").status_code,
        client.post("/api/auth/logout/").status_code,
        client.post("/api/auth/logout-all/").status_code,
        client.post("/api/user/password/", {}, "json").status_code,
        client.put("/api/users/by-external-id/1/", {}, "json").status_code,
        client.post("/api/auth/ticket/").status_code,
    ]

    assert codes == [403, 403, 403, 403, 403, 201]


@pytest.mark.django_db(transaction=True)
def test_revoking_a_key_ends_the_inboxes_that_it_opened(
    alice: User,
    service: NewServiceKey,
    announced: list[int],
) -> None:
    minted = tickets.mint_inbox_pass(alice, key=service.key, now=clock.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {minted.token.token}")

    service_keys.revoke(service.key)

    assert client.post("/api/auth/ticket/").status_code == 401
    assert announced == [alice.pk]
    with pytest.raises(NotAdmitted):
        admission.by_ticket(minted.ticket)


def test_standings_change_their_fingerprint_with_every_right(
    alice: User,
    bob: User,
    django_assert_num_queries: Any,
) -> None:
    changes: list[dict[str, Any]] = [
        {"is_active": False},
        {"password": "!"},
        {"team": None},
        {"is_admin": True},
        {"is_staff": True},
        {"is_superuser": True},
    ]
    seen = set()
    for change in [{}, *changes]:
        if change:
            User.objects.filter(pk=alice.pk).update(**change)
        with django_assert_num_queries(1):
            found = admission.standings([alice.pk, bob.pk, 999_999])
        seen.add(found[alice.pk].fingerprint)

    assert set(found) == {alice.pk, bob.pk}
    assert len(seen) == 7


def test_credentials_are_valid_while_their_rows_are(
    alice: User,
    bob: User,
    service: NewServiceKey,
    django_assert_num_queries: Any,
) -> None:
    browser = APIClient()
    browser.force_login(alice)
    session = Credential("session", str(browser.session.session_key), None)
    token = Credential("token", str(digest_of_token(token_of(alice))), None)
    key = Credential("service_key", service.key.service_id, None)
    gone = Credential("token", "f" * 128, None)
    other = Credential("token", str(digest_of_token(token_of(bob))), None)
    asked = {session, token, key, gone, other}

    with django_assert_num_queries(3):
        before = admission.valid_credentials(asked)
    revocation.end_everything(alice.pk)
    type(service.key).objects.update(expires_at=clock.now() - timedelta(seconds=1))

    assert before == {session, token, key, other}
    assert admission.valid_credentials(asked) == {other}
    assert admission.valid_credentials([]) == set()
